using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Network;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundGuest;
using static Wagi.Runtime.Tests.Harness.OutboundTest;

namespace Wagi.Runtime.Tests.Outbound;

/// <summary>Connections, time, size and number of the requests that guests send.</summary>
public class OutboundLimitsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What a module asks for goes on when its request has ended, so that many modules would add up to many threads.</summary>
    [Fact]
    public async Task Names_AreResolved_ForAllModulesOfATenantTogether()
    {
        using var answer = new ManualResetEventSlim();
        var asked = 0;
        var names = new NameResolver(_ =>
        {
            Interlocked.Increment(ref asked);
            answer.Wait(Cancellation);
            return [IPAddress.Loopback];
        });
        using var client = new OutboundClient(new AddressGuard(new AddressRules()) { Names = names });
        using var metrics = new RequestMetrics();
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        // Two times as many as one may have, and every second one of another tenant.
        var requests = Enumerable.Range(0, 4 * NameResolver.MaxOfRequester).Select(i => SendAsync($"{(i % 2 == 0 ? "many" : $"tenant-{i}")}/module-{i}", i)).ToList();
        await Eventually.Becomes(() => Volatile.Read(ref asked), count => count >= 3 * NameResolver.MaxOfRequester, cancellationToken: Cancellation);
        var refused = await Eventually.Becomes(
            () => requests.Count(request => request.IsFaulted), count => count >= NameResolver.MaxOfRequester, cancellationToken: Cancellation);

        Assert.Equal((3 * NameResolver.MaxOfRequester, NameResolver.MaxOfRequester), (asked, refused));
        answer.Set();
        await impatient.CancelAsync();
        await Task.WhenAll(requests.Select(request => Record.ExceptionAsync(() => request).AsTask()));

        async Task SendAsync(string module, int i)
        {
            var access = new OutboundAccess(
                module, module[..module.IndexOf('/', StringComparison.Ordinal)], [], client, new OutboundLimits(), metrics.Outbound, NullLogger.Instance);
            using var message = new HttpRequestMessage(HttpMethod.Get, $"http://host-{i}:9/");
            using var response = await client.SendAsync(message, access, impatient.Token);
        }
    }

    [Fact]
    public async Task Connections_AreUsedAgain_ByOtherRequests()
    {
        await using var target = await TargetServer.StartAsync();
        await using var host = await HostAsync(new OutboundGuest().Request(target.Origin).ReadAll(), [target.Origin]);

        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("AhelloA", await PrintedAsync(host));
        }

        Assert.Equal(10, target.Requests.Count);
        Assert.Equal(1, target.Connections);
    }

    [Fact]
    public async Task Cookies_OfOneRequest_AreNotSentByTheNext()
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.Headers.SetCookie = "session=1";
            return Task.CompletedTask;
        });
        var guest = new OutboundGuest().Request(target.Origin).Request(target.Origin);

        Assert.Equal("AA", await RunAsync(guest, target.Origin));

        Assert.All(target.Requests, request => Assert.DoesNotContain("cookie", request.Headers.Keys));
    }

    [Fact]
    public async Task Responses_ThatAreOpen_AreLimited_UntilTheyAreClosed()
    {
        await using var target = await TargetServer.StartAsync();
        var guest = new OutboundGuest()
            .Request(target.Origin).Request(target.Origin).Request(target.Origin).Close().Request(target.Origin).Request(target.Origin);
        await using var host = await HostAsync(guest, [target.Origin], maxConcurrency: 2);

        Assert.Equal("AANAAN", await PrintedAsync(host));

        // Two were left open: they ended with their request.
        Assert.Equal("AANAAN", await PrintedAsync(host));
    }

    [Fact]
    public async Task Limit_HoldsForAllRequestsOfTheModule()
    {
        var arrived = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(context =>
        {
            arrived.TrySetResult();
            return goOn.Task;
        });
        await using var host = await HostAsync(new OutboundGuest().Request(target.Origin), [target.Origin], maxConcurrency: 1);

        var first = PrintedAsync(host);
        await arrived.Task.WaitAsync(Patience);
        Assert.Equal(Letter(13), await PrintedAsync(host));
        goOn.SetResult();

        Assert.Equal("A", await first.WaitAsync(Patience));
    }

    [Fact]
    public async Task Guests_ThatWait_DoNotKeepOthersWaiting()
    {
        // Every one waits for the last: it comes only if none of them keeps a thread that another needs.
        const int Count = 40;
        var left = Count;
        var all = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(context =>
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                all.SetResult();
            }

            return all.Task;
        });
        await using var host = await HostAsync(
            new OutboundGuest().Request(target.Origin), [target.Origin], defaults: new() { MaxConcurrency = Count });
        var watch = Stopwatch.StartNew();

        var answers = await Task.WhenAll(Enumerable.Range(0, Count).Select(_ => PrintedAsync(host))).WaitAsync(Patience);

        Assert.All(answers, answer => Assert.Equal("A", answer));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deadline_OfTheGuest_EndsItsRequest(bool hasHead)
    {
        var gone = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(context => HangAsync(context, hasHead, gone));
        await using var host = await HostAsync(
            new OutboundGuest().Request(target.Origin).ReadAll(), [target.Origin], timeout: TimeSpan.FromMilliseconds(500));
        var watch = Stopwatch.StartNew();

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        // What the guest had printed was on its way already: then the connection breaks.
        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.InRange(watch.ElapsedMilliseconds, 450, 5000);
        await gone.Task.WaitAsync(Patience);
        Assert.Contains(host.Log.Lines, line => line.Contains("0.5 s, its timeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Client_ThatLeaves_EndsTheRequestOfItsGuest()
    {
        var arrived = new TaskCompletionSource();
        var gone = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(context =>
        {
            arrived.SetResult();
            return HangAsync(context, hasHead: false, gone);
        });
        await using var host = await HostAsync(new OutboundGuest().Request(target.Origin), [target.Origin]);
        using var client = new CancellationTokenSource();

        var request = host.Client.GetAsync("/", client.Token);
        await arrived.Task.WaitAsync(Patience);
        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await gone.Task.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(false, "L")]
    [InlineData(true, "A" + "headL")]
    public async Task Timeout_OfTheRequest_IsARequestError(bool hasHead, string printed)
    {
        var gone = new TaskCompletionSource();
        await using var target = await TargetServer.StartAsync(context => HangAsync(context, hasHead, gone));
        var guest = new OutboundGuest().Request(target.Origin);
        await using var host = await HostAsync(
            hasHead ? guest.ReadAll().BodyRead() : guest, [target.Origin],
            defaults: new() { Outbound = new OutboundLimits { Timeout = TimeSpan.FromMilliseconds(300) } });

        Assert.Equal(hasHead ? printed + "L" : printed, await PrintedAsync(host));

        await gone.Task.WaitAsync(Patience);
        Assert.Contains(host.Log.Lines, line => line.EndsWith("it took longer than 0.3 s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true, "L")]
    [InlineData(false, "A.*L")]
    public async Task Body_ThatIsTooLarge_IsARequestError(bool announced, string printed)
    {
        await using var target = await TargetServer.StartAsync(async context =>
        {
            context.Response.ContentLength = announced ? 200_001 : null;
            await context.Response.Body.WriteAsync(new byte[announced ? 200_001 : 400_000]);
        });
        var guest = new OutboundGuest().Request(target.Origin);
        await using var host = await HostAsync(
            announced ? guest : guest.ReadAll(), [target.Origin],
            defaults: new() { Outbound = new OutboundLimits { MaxResponseBody = 200_000 } });

        Assert.Matches($"(?s)^{printed}$", await PrintedAsync(host));

        Assert.Contains(host.Log.Lines, line => line.EndsWith("the response body is larger than 200000 bytes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Body_ThatBreaksOff_IsARequestError()
    {
        // The second request breaks the answer to the first, of which the guest has read the start.
        HttpContext? first = null;
        await using var target = await TargetServer.StartAsync(async context =>
        {
            if (first is not null)
            {
                first.Abort();
                return;
            }

            first = context;
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("half");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var guest = new OutboundGuest().Request(target.Origin).BodyRead(4).Request(target.Origin, handleAt: 600).ReadAll();

        Assert.Equal("AAhalfAL", await RunAsync(guest, target.Origin));
    }

    [Fact]
    public async Task Head_ThatIsTooLarge_IsARequestError()
    {
        await using var target = await TargetServer.StartAsync(context =>
        {
            context.Response.Headers["x"] = new string('x', 70_000);
            return Task.CompletedTask;
        });

        Assert.Equal(Letter(11), await RunAsync(new OutboundGuest().Request(target.Origin), target.Origin));
    }

    [Fact]
    public async Task Requests_AreCounted_ByModuleAndOutcome()
    {
        var seen = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "wagi_outbound_requests_total")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            var text = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
            lock (seen)
            {
                seen.Add($"{value} {text}");
            }
        });
        listener.Start();
        await using var target = await TargetServer.StartAsync();
        var guest = new OutboundGuest().Request(target.Origin).Close().Request("x").Request("http://127.0.0.1:1").Request(target.Origin).Request(target.Origin);
        await using var host = await HandlerHost.StartAsync(
            guest.ToString(), entry: entry => Allowing([target.Origin], maxConcurrency: 1)(entry) with { Id = "metrics/outbound" });

        Assert.Equal("AAKHAN", await PrintedAsync(host));

        string[] expected = ["completed", "invalid", "not_allowed", "too_many_sessions", "completed"];
        var watch = Stopwatch.StartNew();
        while (Counted().Length < expected.Length && watch.Elapsed < Patience)
        {
            await Task.Delay(5);
        }

        Assert.Equal(expected.Select(outcome => $"1 module=metrics/outbound outcome={outcome}"), Counted());

        string[] Counted()
        {
            lock (seen)
            {
                return [.. seen.Where(line => line.Contains("metrics/outbound", StringComparison.Ordinal))];
            }
        }
    }

    /// <summary>Sends nothing, or a head and the start of a body, and tells when it is given up.</summary>
    private static async Task HangAsync(HttpContext context, bool hasHead, TaskCompletionSource gone)
    {
        if (hasHead)
        {
            await context.Response.WriteAsync("head");
            await context.Response.Body.FlushAsync();
        }

        using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }
}
