using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;

namespace Wagi.Operator.Tests.Runtimes;

/// <summary>The admin port of a runtime that serves everything at once, without serving anything: <c>/status</c> echoes the <c>modules.toml</c> in force.</summary>
internal sealed class FakeRuntime : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Func<CancellationToken, Task<string?>> _readToml;
    private int _asked;

    private FakeRuntime(Func<CancellationToken, Task<string?>> readToml, IPAddress address, int port)
    {
        _readToml = readToml;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://{address}:{port}");
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>Address of the admin port.</summary>
    public Uri Url => new(_application.Urls.Single());

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Ids of modules that it fails to load, with the reason.</summary>
    public ImmutableDictionary<string, string> Failing { get; set; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Whether it answers 503.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Starts it, on a free port of 127.0.0.1 unless it is told another place.</summary>
    public static async Task<FakeRuntime> StartAsync(Func<CancellationToken, Task<string?>> readToml, IPAddress? address = null, int port = 0)
    {
        var runtime = new FakeRuntime(readToml, address ?? IPAddress.Loopback, port);
        await runtime._application.StartAsync();
        return runtime;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Interlocked.Increment(ref _asked);
        if (IsBroken)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        var toml = await _readToml(context.RequestAborted) ?? "";
        await context.Response.Body.WriteAsync(Status(toml).ToJson(), context.RequestAborted);
    }

    private RuntimeStatus Status(string toml) => new()
    {
        Version = "0.0.0",
        Ready = true,
        Configuration = new ConfigurationStatus
        {
            Path = "modules.toml",
            Digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(toml))),
            ReadAt = DateTimeOffset.UnixEpoch,
            Problems = [],
        },
        Modules = [.. ModulesTomlReader.Read(toml, "modules.toml").Entries.Select(Status)],
    };

    private ModuleStatus Status(ModuleEntry entry)
    {
        var reason = Failing.GetValueOrDefault(entry.Id);
        return new ModuleStatus
        {
            Id = entry.Id,
            Revision = entry.Revision,
            State = reason is null ? ModuleState.Ready : ModuleState.Failed,
            Reason = reason ?? ModuleReason.Ready,
            Since = DateTimeOffset.UnixEpoch,
            Route = entry.Route.ToString(),
            Module = entry.Module.ToString(),
            Serving = reason is null ? entry.Module.ToString() : null,
            Routes = reason is null ? [entry.Route.ToString()] : [],
        };
    }
}
