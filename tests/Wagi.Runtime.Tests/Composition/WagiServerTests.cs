using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Hosting.Supervision;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Composition;

public sealed class WagiServerTests : IDisposable
{
    private readonly TempDirectory _folder = new("server");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ServeOptions Options => new()
    {
        Loader = new LoaderOptions
        {
            BaseDirectory = _folder.FullPath,
            Cache = new CacheOptions(_folder.PathOf("cache"), CacheOptions.DefaultMaxBytes),
        },
        Origin = ModulesOrigin.OfConfiguration(_folder.PathOf("modules.toml")),
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
        Admin = new IPEndPoint(IPAddress.Loopback, 0),
    };

    [Fact]
    public async Task LoopThatEnds_EndsTheServer_WithItsName()
    {
        _folder.Write("modules.toml", "");
        using var loggers = new BrokenLoggers(typeof(ConfigurationWatcher).FullName!);
        await using var server = new WagiServer(Options, loggers);

        var exception = await Assert.ThrowsAsync<LoopEndedException>(
            () => server.RunAsync(Cancellation).WaitAsync(Eventually.DefaultDeadline, Cancellation));

        Assert.Equal("the configuration loop ended: nothing can be logged", exception.Message);
    }

    [Fact]
    public async Task ProblemOfTheFirstStart_IsLogged_WithItsPlace()
    {
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/a\"\nmodule = \"guest.wat\"\n[[module]]\nroute = \"/b\"\nmodule = \"guest.wat\"\ntimeout = \"soon\"\n", Wat.Echo);

        Assert.Single(host.Log, line => line.StartsWith("Information Read ", StringComparison.Ordinal) && line.EndsWith("modules.toml: 1 module, 1 problem", StringComparison.Ordinal));
        Assert.Single(host.Log, line => line.StartsWith("Warning ", StringComparison.Ordinal) && line.Contains("modules.toml:7:11: error: 'timeout': 'soon' is not a duration", StringComparison.Ordinal));
    }

    [Fact]
    public async Task OwnEnvironment_Wins_OverTheOption_WhichWinsOverTheFile()
    {
        var file = _folder.Write("env", "A=file\nB=file\nC=file\n");
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/\"\nmodule = \"guest.wat\"\nenvironment = { A = \"own\" }\n", Wat.Dump, "--env-file", file, "-e", "A=option", "-e", "B=option");

        var seen = (await host.Client.GetStringAsync("/", Cancellation)).Split('\0');

        Assert.Equal(["A=own", "B=option", "C=file"], seen.Where(variable => variable is ['A' or 'B' or 'C', '=', ..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Stopping_IsNoFailure()
    {
        _folder.Write("modules.toml", "");
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var server = new WagiServer(Options, NullLoggerFactory.Instance);
        var running = server.RunAsync(stopping.Token);
        await stopping.CancelAsync();
        await running.WaitAsync(Eventually.DefaultDeadline, Cancellation);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Stands for whatever nobody thought of: one part cannot log, and throws.</summary>
    private sealed class BrokenLoggers(string category) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => categoryName == category ? this : NullLogger.Instance;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("nothing can be logged");

        public void Dispose()
        {
        }
    }
}
