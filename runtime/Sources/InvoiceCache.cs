using System.Security.Cryptography;
using System.Text;
using Wagi.Bindle.References;
using Wagi.Hosting.Files;
using Wagi.Runtime.Cache;

namespace Wagi.Runtime.Sources;

/// <summary>
/// Invoices by server and name: <c>invoices/&lt;hex&gt;.toml</c>. A bindle never changes under its name, so that one that is here need not be
/// asked for again. The first line holds the hash of the rest.
/// </summary>
internal sealed partial class InvoiceCache(CacheDirectory directory, ILogger<InvoiceCache> logger)
{
    private const string Mark = "# sha256:";

    /// <summary>The invoice; null when it is not there or damaged.</summary>
    public async Task<string?> TryReadAsync(string location, BindleName name, CancellationToken cancellationToken)
    {
        var path = PathFor(location, name);
        try
        {
            var text = await File.ReadAllTextAsync(path, cancellationToken);
            var end = text.IndexOf('\n', StringComparison.Ordinal);
            if (end > 0 && text[..end] == Mark + HashOf(text[(end + 1)..]))
            {
                CacheDirectory.Touch(path);
                return text[(end + 1)..];
            }

            LogInvoiceDamaged(path);
            CacheDirectory.TryDelete(path);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps an invoice that was read.</summary>
    public async Task StoreAsync(string location, BindleName name, string text, CancellationToken cancellationToken)
    {
        var path = PathFor(location, name);
        try
        {
            var bytes = Encoding.UTF8.GetBytes($"{Mark}{HashOf(text)}\n{text}");
            await AtomicFile.WriteAsync(path, bytes, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogInvoiceNotStored(path, exception.Message);
        }
    }

    private static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string PathFor(string location, BindleName name) => Path.Combine(directory.Invoices, HashOf($"{location}\n{name}") + ".toml");

    [LoggerMessage(LogLevel.Warning, "Cached invoice {Path} is damaged: removed")]
    private partial void LogInvoiceDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Cached invoice {Path} could not be written: {Error}")]
    private partial void LogInvoiceNotStored(string path, string error);
}
