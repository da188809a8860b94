using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Requests;
using Wagi.Runtime.Sandbox;

namespace Wagi.Bench.Measurements;

/// <summary>One request to the hello handler without the network: CGI, a fresh instance, header block and body; one thread.</summary>
internal static class HelloInProcess
{
    private const int WarmUp = 2_000;
    private const int Requests = 20_000;
    private const int Rounds = 5;

    public static async Task RunAsync()
    {
        using var engine = new SandboxEngine(new SandboxOptions());
        var guest = engine.Load(engine.Compile(await File.ReadAllBytesAsync(ServedSample.Hello)));
        guest.Check(entrypoint: null);
        var entry = new ModuleEntry
        {
            Id = "bench",
            Route = RoutePattern.Parse("/hello"),
            Module = new ModuleReference(ModuleScheme.File, ServedSample.Hello),
        };
        using var metrics = new RequestMetrics();
        using var outbound = new OutboundClient();
        using var handler = new ModuleHandler(
            entry, new Dictionary<string, string>(), guest, new HandlerDefaults(), outbound, NullLogger.Instance, metrics);

        await RequestAsync(handler, entry.Route, WarmUp);
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            await RequestAsync(handler, entry.Route, Requests);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds / Requests);
        }

        Figures.Print("hello_us", Figures.Percentile(times, 0.5), "us");
    }

    private static async Task RequestAsync(ModuleHandler handler, RoutePattern route, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var context = new DefaultHttpContext();
            context.Request.Method = HttpMethods.Get;
            context.Request.Scheme = "http";
            context.Request.Host = new HostString("localhost", 3000);
            context.Request.Path = "/hello";
            context.Request.Protocol = "HTTP/1.1";
            context.Response.Body = new MemoryStream();
            await handler.HandleAsync(context, route);
            if (context.Response.StatusCode != StatusCodes.Status200OK)
            {
                throw new InvalidOperationException($"the handler answered {context.Response.StatusCode}");
            }
        }
    }
}
