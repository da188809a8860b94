using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Modules.Outbound;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>What the tests of outbound HTTP have in common.</summary>
internal static class OutboundTest
{
    /// <summary>A server with a guest that may reach these origins.</summary>
    public static Task<HandlerHost> HostAsync(
        OutboundGuest guest, string[] allowed, int? maxConcurrency = null, HandlerDefaults? defaults = null, TimeSpan? timeout = null) =>
        HandlerHost.StartAsync(guest.ToString(), defaults: defaults, entry: Allowing(allowed, maxConcurrency, timeout));

    public static Func<ModuleEntry, ModuleEntry> Allowing(string[] allowed, int? maxConcurrency = null, TimeSpan? timeout = null) =>
        entry => entry with
        {
            AllowedHosts = [.. allowed.Select(text => AllowedHost.TryParse(text, out var host, out var error) ? host : throw new FormatException(error))],
            HttpMaxConcurrency = maxConcurrency,
            Timeout = timeout,
        };

    /// <summary>What a guest prints that may reach these origins, byte for byte.</summary>
    public static async Task<string> RunAsync(OutboundGuest guest, params string[] allowed)
    {
        await using var host = await HostAsync(guest, allowed);
        return await PrintedAsync(host);
    }

    public static async Task<string> PrintedAsync(HandlerHost host) => Encoding.Latin1.GetString(await host.Client.GetByteArrayAsync("/"));
}
