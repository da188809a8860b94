using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Configuration;
using Wagi.Modules.Network;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>A real server on a free port, with one handler behind every path.</summary>
internal sealed class HandlerHost : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TempDirectory _folder = new("handler");
    private readonly RequestMetrics _metrics = new();

    private HandlerHost(
        WebApplication application, ModuleEntry entry, Guest guest, HandlerDefaults defaults, OutboundClient outbound, BodyOptions? bodies, ListLogger logger)
    {
        _application = application;
        Outbound = outbound;
        Log = logger;
        Bodies = new BodyStore(bodies ?? new BodyOptions(), SpoolFolder, logger);
        Handler = new ModuleHandler(entry, entry.Environment, guest, defaults, Outbound, Bodies, logger, _metrics);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    }

    public ModuleHandler Handler { get; }

    public HttpClient Client { get; }

    public ListLogger Log { get; }

    public OutboundClient Outbound { get; }

    public BodyStore Bodies { get; }

    /// <summary>Where large bodies go.</summary>
    public string SpoolFolder => _folder.PathOf("spool");

    public Uri Address { get; private set; } = null!;

    public static Task<HandlerHost> StartAsync(
        string wat, string route = "/...", HandlerDefaults? defaults = null, Func<ModuleEntry, ModuleEntry>? entry = null,
        string? entrypoint = null, GuestEngine? engine = null, OutboundClient? outbound = null, BodyOptions? bodies = null)
    {
        engine ??= SharedEngine.Instance;
        return StartAsync(engine.Load(engine.Compile(Encoding.UTF8.GetBytes(wat))), route, defaults, entry, entrypoint, outbound, bodies: bodies);
    }

    public static async Task<HandlerHost> StartAsync(
        Guest guest, string route = "/...", HandlerDefaults? defaults = null, Func<ModuleEntry, ModuleEntry>? entry = null,
        string? entrypoint = null, OutboundClient? outbound = null, HttpProtocols protocols = HttpProtocols.Http1,
        BodyOptions? bodies = null)
    {
        var pattern = RoutePattern.Parse(route);
        var moduleEntry = new ModuleEntry
        {
            Id = "tests/handler",
            Route = pattern,
            Module = ModuleReference.TryParse("test.wasm", out var reference, out var error) ? reference : throw new FormatException(error),
        };
        moduleEntry = entry?.Invoke(moduleEntry) ?? moduleEntry;

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols);
            options.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        });
        outbound ??= new OutboundClient(new AddressGuard(new AddressRules()));
        var host = new HandlerHost(builder.Build(), moduleEntry, guest, defaults ?? new HandlerDefaults(), outbound, bodies, new ListLogger());
        host._application.Run(context => host.Handler.HandleAsync(context, pattern, entrypoint));
        await host._application.StartAsync();
        var address = host._application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        host.Address = new Uri(address);
        host.Client.BaseAddress = host.Address;
        return host;
    }

    /// <summary>Sends the bytes of a request, and gives back every byte of the answer, until the server closes.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Address.Host, Address.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer).WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (IOException)
        {
            answer.Write("<reset>"u8);
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    /// <summary>The body of a raw answer, which must be a 200, whichever way its end is marked.</summary>
    public static byte[] BodyOf(string answer)
    {
        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        var start = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (!answer.AsSpan(0, start).Contains("chunked", StringComparison.Ordinal))
        {
            return Encoding.Latin1.GetBytes(answer[start..]);
        }

        var body = new StringBuilder();
        while (Convert.ToInt32(answer[start..answer.IndexOf('\r', start)], 16) is var length and > 0)
        {
            start = answer.IndexOf('\n', start) + 1;
            body.Append(answer.AsSpan(start, length));
            start += length + 2;
        }

        return Encoding.Latin1.GetBytes(body.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _application.StopAsync();
        await _application.DisposeAsync();
        Handler.Dispose();
        _metrics.Dispose();
        Outbound.Dispose();
        _folder.Dispose();
    }

    internal sealed class ListLogger : ILogger
    {
        private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;

        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{logLevel} {formatter(state, exception)}";
            Lines.Enqueue(line);
            try
            {
                // Shown beside the failure of a test.
                _output?.WriteLine(line);
            }
            catch (InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
