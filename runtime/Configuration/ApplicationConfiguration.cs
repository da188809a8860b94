using System.Collections.Immutable;
using System.Text;
using Wagi.Bindle.Applications;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Retries;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Configuration;

/// <summary>
/// What a bindle says instead of a <c>modules.toml</c>: its invoice is read once, from the cache where that has it, and handed on. A bindle never changes, so that there is nothing to watch.
/// </summary>
internal sealed partial class ApplicationConfiguration(
    BindleName name,
    IBindleStore store,
    InvoiceCache? cache,
    ApplicationSource source,
    Action<DesiredModules> apply,
    TimeProvider time,
    ILogger<ApplicationConfiguration> logger)
{
    /// <summary>The longest time between two turns: an attempt may wait for a server, and the next one for its turn.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private bool _isRead;

    /// <summary>Reads the invoice and says what is to be served.</summary>
    /// <exception cref="BindleException">It is not available.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var (invoice, text) = await ReadInvoiceAsync(cancellationToken);
        var application = ApplicationReader.Read(invoice);
        source.Use(application);
        LogBindleRead(
            name, store.Location, Quantity.Of(application.Modules.Length, "module"), Quantity.Of(application.Problems.Length, "problem"));
        var file = new ModulesFile([.. application.Modules.Select(module => module.Entry)], [], application.Problems, IsDamaged: false);
        apply(Desired(file, BlobCache.DigestOf(Encoding.UTF8.GetBytes(text))));
        _isRead = true;
    }

    /// <summary>
    /// Reads the invoice if that was not done yet, and tries again until it succeeds; then there is nothing left to do. Runs until
    /// <paramref name="cancellationToken"/>.
    /// </summary>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        while (!_isRead)
        {
            try
            {
                await ReadAsync(cancellationToken);
            }
            catch (BindleException exception)
            {
                var delay = backoff.Next();
                LogBindleNotRead(exception.Message, delay.TotalSeconds);
                var problem = new Problem(new SourceLocation($"bindle:{name}", 0, 0), ProblemSeverity.Error, exception.Message);
                apply(Desired(ModulesFile.Empty with { Problems = [problem], IsDamaged = true }, digest: null));
                await Task.Delay(delay, time, cancellationToken);
            }

            progress.Completed();
        }

        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            progress.Completed();
        }
    }

    private async Task<(Invoice Invoice, string Text)> ReadInvoiceAsync(CancellationToken cancellationToken)
    {
        if (cache is not null && await cache.TryReadAsync(store.Location, name, cancellationToken) is { } cached)
        {
            return (InvoiceReader.Read(cached, name, store.Location), cached);
        }

        var text = await store.ReadInvoiceAsync(name, cancellationToken);
        var invoice = InvoiceReader.Read(text, name, store.Location);
        if (cache is not null)
        {
            await cache.StoreAsync(store.Location, name, text, cancellationToken);
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

    [LoggerMessage(LogLevel.Information, "Read bindle {Name} of {Location}: {Modules}, {Problems}")]
    private partial void LogBindleRead(BindleName name, string location, string modules, string problems);

    [LoggerMessage(LogLevel.Warning, "{Error}; trying again in {Seconds:0.#} s")]
    private partial void LogBindleNotRead(string error, double seconds);
}
