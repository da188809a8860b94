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

    /// <inheritdoc/>
    public async Task<string> ReadInvoiceAsync(BindleName name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        var path = Path.Combine(directory, name.StandaloneFolder, "invoice.toml");
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
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(parcel);
        var path = Path.Combine(directory, name.StandaloneFolder, "parcels", parcel.Sha256 + ".dat");
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
