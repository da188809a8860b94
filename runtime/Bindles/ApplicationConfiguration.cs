using System.Collections.Immutable;
using System.Text;
using Wagi.Bindle.Applications;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Retries;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Bindles;

/// <summary>
/// What a bindle says instead of a <c>modules.toml</c>: its invoice is read once, from the cache where that has it, and handed to the
/// <see cref="ModuleHost"/>. A bindle never changes, so that there is nothing to watch.
/// </summary>
internal sealed partial class ApplicationConfiguration(
    BindleName name,
    IBindleStore store,
    InvoiceCache? cache,
    ApplicationSource source,
    ModuleHost host,
    TimeProvider time,
    ILogger<ApplicationConfiguration> logger)
{
    private bool _isRead;

    /// <summary>Reads the invoice and says what is to be served.</summary>
    /// <exception cref="BindleException">It cannot be had.</exception>
    public async Task ReadAsync(CancellationToken cancellation)
    {
        var (invoice, text) = await ReadInvoiceAsync(cancellation);
        var application = ApplicationReader.Read(invoice);
        source.Use(application);
        LogRead(name, store.Location, application.Modules.Length, application.Problems.Length);
        var file = new ModulesFile([.. application.Modules.Select(module => module.Entry)], [], application.Problems, HasSyntaxErrors: false);
        host.Apply(Desired(file, BlobCache.DigestOf(Encoding.UTF8.GetBytes(text))));
        _isRead = true;
    }

    /// <summary>Reads the invoice if that was not done yet, and tries again until it succeeds or <paramref name="cancellation"/> comes.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
            while (!_isRead)
            {
                try
                {
                    await ReadAsync(cancellation);
                }
                catch (BindleException error)
                {
                    var delay = backoff.Next();
                    LogNotRead(error.Message, delay.TotalSeconds);
                    var problem = new Problem(new SourceLocation($"bindle:{name}", 0, 0), ProblemSeverity.Error, error.Message);
                    host.Apply(Desired(ModulesFile.Empty with { Problems = [problem], HasSyntaxErrors = true }, digest: null));
                    await Task.Delay(delay, time, cancellation);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task<(Invoice Invoice, string Text)> ReadInvoiceAsync(CancellationToken cancellation)
    {
        if (cache is not null && await cache.TryReadAsync(store.Location, name, cancellation) is { } cached)
        {
            return (InvoiceReader.Read(cached, name, store.Location), cached);
        }

        var text = await store.ReadInvoiceAsync(name, cancellation);
        var invoice = InvoiceReader.Read(text, name, store.Location);
        if (cache is not null)
        {
            await cache.StoreAsync(store.Location, name, text, cancellation);
        }

        return (invoice, text);
    }

    private DesiredModules Desired(ModulesFile file, string? digest) => new()
    {
        Path = $"bindle:{name}",
        File = file,
        Digest = digest,
        ReadAt = time.GetUtcNow(),
        CanHaveSecrets = false,
        Secrets = ImmutableDictionary<string, ModuleSecrets>.Empty,
    };

    [LoggerMessage(LogLevel.Information, "Read bindle {Name} of {Location}: {Modules} modules, {Problems} problems")]
    private partial void LogRead(BindleName name, string location, int modules, int problems);

    [LoggerMessage(LogLevel.Warning, "{Error}; trying again in {Seconds:0.#} s")]
    private partial void LogNotRead(string error, double seconds);
}
