using System.Net;
using Wagi.Bench.Clients;
using Wagi.Modules.Configuration;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.TestCluster;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Servers;

/// <summary>The published runtime with samples, each at the route of its own name: <c>/hello-c</c>.</summary>
internal sealed class ServedSamples : IAsyncDisposable
{
    private const int LogShown = 4_000;

    private readonly TempDirectory _directory = new("bench");

    private ServedSamples()
    {
    }

    public RuntimeProcess Runtime { get; private set; } = null!;

    public string Configuration => _directory.PathOf("modules.toml");

    public string Cache => _directory.PathOf("cache");

    /// <summary>The file of the sample <c>hello</c> in C: what a compiler makes of a small handler.</summary>
    public static string HelloInC => Find("hello-c");

    /// <summary>The file of a sample.</summary>
    /// <exception cref="CannotMeasureException">It is not built.</exception>
    public static string Find(string name) => Checkout.Sample(name) ?? throw new CannotMeasureException(Checkout.WhyNoSample(name)!);

    /// <summary>Where a sample is served.</summary>
    public string Url(string sample) => $"{Runtime.Client.BaseAddress}{sample}";

    /// <summary>Where a hello is served.</summary>
    public string Url(Hello hello) => Url(hello.Path[1..]);

    /// <summary>Arguments for <see cref="StartAsync"/>: so many places that none of so many clients is turned away.</summary>
    public static IEnumerable<string> PlacesFor(int connections) =>
        ["--max-concurrency", $"{connections}", "--max-instances", $"{Math.Max(connections, 256)}", "--max-module-share", "100"];

    /// <summary>Serves samples, on the servers' cores, with more arguments for <c>wagi serve</c>.</summary>
    public static Task<ServedSamples> StartAsync(IReadOnlyList<string> samples, params IEnumerable<string> more) =>
        StartAsync([.. samples.Select(sample => new Hello(sample, "", sample))], more);

    /// <summary>The same, of those that are entries of their own kind.</summary>
    public static async Task<ServedSamples> StartAsync(IReadOnlyList<Hello> samples, params IEnumerable<string> more)
    {
        if (!File.Exists(Checkout.Wagi))
        {
            throw new CannotMeasureException("the programs are not published: run 'make publish'");
        }

        var entries = samples.Select(hello => ModulesTomlWriter.Write(new ModuleEntry
        {
            Id = hello.Sample,
            Route = RoutePattern.Parse(hello.Below.Length == 0 ? hello.Path : $"/{hello.Sample}/..."),
            Module = new ModuleReference(ModuleScheme.File, hello.File ?? Find(hello.Sample)),
            AllowedHosts = AllowedHost.TryParse(hello.AllowedHost ?? "", out var host, out _) ? [host] : [],
            Entrypoint = hello.Entrypoint,
            Preinitialization = hello.Preinitialization,
        }));
        var served = new ServedSamples();
        served._directory.Write("modules.toml", string.Join('\n', entries));
        served.Runtime = await RuntimeProcess.StartAsync(
            ["serve", "-c", served.Configuration, "--module-cache", served.Cache, .. more], CancellationToken.None, [.. Cores.BeforeServer]);
        foreach (var sample in samples)
        {
            await served.Runtime.AnswerAsync($"{sample.Path}{sample.FirstQuery}", HttpStatusCode.OK, CancellationToken.None);
        }

        return served;
    }

    /// <summary>Requests a second to a sample.</summary>
    /// <exception cref="InvalidOperationException">Not every request was answered with 2xx; the message has the end of the runtime's log.</exception>
    public Task<double> RequestsPerSecondAsync(string sample, int connections, TimeSpan duration) =>
        MeasureAsync(Url(sample), connections, duration);

    /// <summary>Requests a second to a hello.</summary>
    /// <exception cref="InvalidOperationException">As above.</exception>
    public Task<double> RequestsPerSecondAsync(Hello hello, int connections, TimeSpan duration) => MeasureAsync(Url(hello), connections, duration);

    private async Task<double> MeasureAsync(string url, int connections, TimeSpan duration)
    {
        try
        {
            return await Wrk.RequestsPerSecondAsync(url, connections, duration);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidOperationException(exception.Message + Runtime.Log[^Math.Min(Runtime.Log.Length, LogShown)..], exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        _directory.Dispose();
    }
}
