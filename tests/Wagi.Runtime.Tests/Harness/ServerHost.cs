using System.Collections.Concurrent;
using System.CommandLine;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Composition;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>The whole of <c>wagi serve</c> in this process, on free ports, with the lines that it logs.</summary>
internal sealed partial class ServerHost : IAsyncDisposable
{
    private readonly TempDirectory _folder = new("server");
    private readonly LineLoggers _loggers = new();
    private readonly CancellationTokenSource _stopping = new();
    private WagiServer _server = null!;
    private Task _running = Task.CompletedTask;

    private ServerHost()
    {
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What was logged with level <c>Information</c> or above: the level, the text, and the exception if there is one.</summary>
    public IEnumerable<string> Log => _loggers.Lines;

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    public HttpClient Admin { get; } = new();

    /// <summary>Serves one module on one route.</summary>
    public static Task<ServerHost> StartAsync(string wat, string route = "/...", params string[] arguments) =>
        ServeAsync($"[[module]]\nroute = \"{route}\"\nmodule = \"guest.wat\"\n", wat, arguments);

    /// <summary>Serves a <c>modules.toml</c>, in which the module is <c>guest.wat</c>, and waits until it is ready.</summary>
    public static Task<ServerHost> ServeAsync(string toml, string wat, params string[] arguments)
    {
        var host = new ServerHost();
        host.Write("guest.wat", wat);
        host.Write("modules.toml", toml);
        return host.ServeAsync(["-c", host._folder.PathOf("modules.toml"), .. arguments]);
    }

    /// <summary>Serves a module that is named in place of a <c>modules.toml</c>.</summary>
    public static Task<ServerHost> ServeFileAsync(string name, string wat, params string[] arguments)
    {
        var host = new ServerHost();
        host.Write(name, wat);
        return host.ServeAsync([host._folder.PathOf(name), .. arguments]);
    }

    /// <summary>Writes a file into the folder that is served.</summary>
    public void Write(string name, string content) => _folder.Write(name, content);

    private async Task<ServerHost> ServeAsync(string[] arguments)
    {
        var serve = new ServeArguments();
        var command = new Command("serve");
        command.Arguments.Add(serve.Argument);
        foreach (var option in serve.Options)
        {
            command.Options.Add(option);
        }

        var options = serve.Read(command.Parse(
            [.. arguments, "--module-cache", _folder.PathOf("cache"), "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0"]));
        _server = new WagiServer(options with { Loader = options.Loader with { Compiler = null } }, _loggers);
        _running = _server.RunAsync(_stopping.Token);
        var listening = await Eventually.Becomes(
            _ => Task.FromResult(Log.Select(line => Listening().Match(line)).FirstOrDefault(match => match.Success)),
            match => match is not null,
            cancellationToken: Cancellation);
        Client.BaseAddress = new Uri(listening!.Groups[1].Value);
        Admin.BaseAddress = new Uri(listening.Groups[2].Value);
        await Eventually.Becomes(
            async token =>
            {
                using var ready = await Admin.GetAsync("/healthz/ready", token);
                return ready.IsSuccessStatusCode;
            },
            isReady => isReady,
            cancellationToken: Cancellation);
        return this;
    }

    /// <summary>Sends the bytes of a request and gives back what comes until the server closes.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Client.BaseAddress!.Host, Client.BaseAddress.Port, Cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Cancellation);
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, Cancellation).WaitAsync(Eventually.DefaultDeadline, Cancellation);
        }
        catch (IOException)
        {
            answer.Write("<reset>"u8);
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>The lines of <c>wagi_requests_total</c>, without the name. Those of other tests of the process may be among them.</summary>
    public async Task<string> CountedAsync() => string.Join(
        '\n',
        (await Admin.GetStringAsync("/metrics", Cancellation)).Split('\n')
            .Where(line => line.StartsWith("wagi_requests_total{", StringComparison.Ordinal))
            .Select(line => line["wagi_requests_total".Length..].TrimEnd()));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await _stopping.CancelAsync();
        await _running;
        await _server.DisposeAsync();
        _stopping.Dispose();
        _loggers.Dispose();
        _folder.Dispose();
    }

    [GeneratedRegex("Listening on (.*), admin port (.*)")]
    private static partial Regex Listening();

    private sealed class LineLoggers : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Lines.Enqueue($"{logLevel} {formatter(state, exception)}{(exception is null ? "" : " | " + exception)}");
            }
        }

        public void Dispose()
        {
        }
    }
}
