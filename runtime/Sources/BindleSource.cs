using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;
using Wagi.Runtime.Cache;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Modules from Bindle servers: the first module parcel of the bindle, as in WAGI. A bindle never changes under its name, so that one
/// that was pulled once is served from the cache without asking the server.
/// </summary>
internal sealed class BindleSource(BindleClient client, Uri? defaultServer, BindleParcels parcels, ReferenceCache references) : IModuleSource
{
    public async Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        if (!BindleName.TryParse(entry.Module.Value, out var name, out var error))
        {
            throw new ModuleSourceException(ModuleReason.InvalidEntry, error);
        }

        var server = ServerOf(entry);
        var tenant = entry.Tenant;
        var reference = $"bindle:{name} from {server.Location}";
        if (await references.TryReadAsync(tenant, reference, cancellationToken) is { } known && known.WasmDigest is ['s', 'h', 'a', '2', '5', '6', ':', .. var hash])
        {
            var label = new Label { Sha256 = hash, MediaType = Invoice.WasmMediaType };
            return Content(name, label, token => parcels.OpenAsync(tenant, server, name, label, token));
        }

        var (parcel, invoice) = await ChooseAsync(server, name, cancellationToken);
        var bytes = await parcels.FetchAsync(tenant, server, name, parcel, cancellationToken);
        try
        {
            await references.StoreAsync(
                tenant, new ReferenceRecord(reference, BlobCache.DigestOf(invoice), BindleParcels.DigestOf(parcel)), cancellationToken);
        }
        catch
        {
            await bytes.DisposeAsync();
            throw;
        }

        return Content(name, parcel, _ => Task.FromResult(bytes)) with { Pulled = bytes };
    }

    private static ModuleContent Content(BindleName name, Label parcel, Func<CancellationToken, Task<Stream>> open) =>
        new(BindleParcels.DigestOf(parcel), $"bindle:{name}@{parcel.Sha256}", open);

    private IBindleStore ServerOf(ModuleEntry entry)
    {
        if (entry.BindleServer is null)
        {
            return client.Server(defaultServer ?? throw new ModuleSourceException(
                ModuleReason.InvalidEntry,
                $"'{entry.Module}' does not say which server has it: add bindle_server = \"URL\", or start the runtime with --bindle-url URL"));
        }

        return client.Server(BindleClient.ParseServer(entry.BindleServer) ?? throw new ModuleSourceException(
            ModuleReason.InvalidEntry, $"'bindle_server': '{entry.BindleServer}' is not a URL such as https://bindle.example.com/v1"));
    }

    /// <summary>The parcel to serve, and the invoice that it stands in.</summary>
    private static async Task<(Label Parcel, byte[] Invoice)> ChooseAsync(IBindleStore server, BindleName name, CancellationToken cancellationToken)
    {
        try
        {
            var text = await server.ReadInvoiceAsync(name, cancellationToken);
            var invoice = InvoiceReader.Read(text, name, server.Location);
            var parcel = invoice.Modules.FirstOrDefault()?.Label ?? throw new ModuleSourceException(
                ModuleReason.NotWasm,
                $"bindle {name} has no module: no parcel of media type {Invoice.WasmMediaType} that belongs to no group"
                + string.Concat(invoice.UnusableParcels.Select(wrong => "; " + wrong)));
            return (parcel, System.Text.Encoding.UTF8.GetBytes(text));
        }
        catch (BindleException exception)
        {
            throw BindleParcels.Translate(exception);
        }
    }
}
