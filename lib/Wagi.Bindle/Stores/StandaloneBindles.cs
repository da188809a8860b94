using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;

namespace Wagi.Bindle.Stores;

/// <summary>
/// A folder of standalone bindles: <c>SHA256_OF_NAME/invoice.toml</c> and <c>SHA256_OF_NAME/parcels/SHA256.dat</c> (Bindle's standalone
/// specification, with the folder names that Bindle's own tools give).
/// </summary>
/// <param name="directory">The folder.</param>
public sealed class StandaloneBindles(string directory) : IBindleStore
{
    /// <inheritdoc/>
    public string Location => directory;

    /// <summary>Where the invoice of a bindle is.</summary>
    public string InvoicePath(BindleName name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Path.Combine(directory, name.StandaloneFolder, "invoice.toml");
    }

    /// <summary>Where a parcel of a bindle is.</summary>
    public string ParcelPath(BindleName name, Label parcel)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(parcel);
        return Path.Combine(directory, name.StandaloneFolder, "parcels", parcel.Sha256 + ".dat");
    }

    /// <inheritdoc/>
    public async Task<string> ReadInvoiceAsync(BindleName name, CancellationToken cancellationToken)
    {
        var path = InvoicePath(name);
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            var reason = Directory.Exists(directory)
                ? $"there is no file '{path}', whose folder is named after the SHA-256 of '{name}'"
                : $"there is no folder '{directory}'";
            throw new BindleException(BindleErrorKind.NotFound, $"bindle {name}: {reason}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BindleException(BindleErrorKind.Refused, $"bindle {name}: '{path}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <inheritdoc/>
    public async Task ReadParcelAsync(BindleName name, Label parcel, Stream destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parcel);
        var path = ParcelPath(name, parcel);
        var subject = $"parcel '{parcel.DisplayName}' of bindle {name}";
        FileStream file;
        try
        {
            file = File.OpenRead(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BindleException(BindleErrorKind.NotFound, $"{subject}: there is no file '{path}'", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BindleException(BindleErrorKind.Refused, $"{subject}: '{path}' cannot be read: {exception.Message}", exception);
        }

        await using (file)
        {
            await VerifiedCopy.RunAsync(file, destination, parcel, $"{subject}, file '{path}'", () => { }, cancellationToken);
        }
    }
}
