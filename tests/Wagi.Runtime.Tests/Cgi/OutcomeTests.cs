using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>What becomes of a request whose guest does not end as it should.</summary>
public class OutcomeTests
{
    private const string Head = "content-type: text/plain\n\n";

    /// <summary>Or whoever may send requests could fill the log, and keep the process busy with it.</summary>
    [Fact]
    public async Task ManyTraps_FillTheLogNoFasterThanItsBudget()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Start("unreachable"));
        var clock = Stopwatch.StartNew();
        for (var round = 0; round < 20; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
            {
                using var response = await host.Client.GetAsync("/");
                Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
            }));
        }

        var lines = host.Log.Lines.Count(line => line.Contains("trapped", StringComparison.Ordinal));
        Assert.InRange(lines, 50, 51 + (50 * clock.Elapsed.TotalSeconds));
    }

    [Theory]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(drop (i32.load (i32.const -4)))", "out of bounds memory access")]
    [InlineData("(drop (i32.div_u (i32.const 1) (local.get $i)))", "divide by zero")]
    [InlineData("(call $deep)", " trapped: wasm trap: call stack exhausted; at deep, ")]
    [InlineData("(drop (call $fd_write (i32.const 1) (i32.const -8) (i32.const 1) (i32.const 0)))", "out of bounds")]
    [InlineData("(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 2)))", "not aligned")]
    [InlineData("(call $proc_exit (i32.const 3))", " ended with exit code 3 before it had answered")]
    public async Task Trap_BeforeTheHeaderBlock_Gives500(string body, string reason)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Start(body, "(func $deep (call $deep) (call $deep))"));

        using var response = await host.Client.GetAsync("/");

        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Matches(@"^500 the module failed \(request \S+\)\n$", text);
        Assert.Contains(host.Log.Lines, line => line.Contains(reason, StringComparison.Ordinal)
            && line.StartsWith($"Warning tests/handler {text.Split(' ')[^1].TrimEnd('\n', ')')} ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unreachable", " trapped: ", false)]
    [InlineData("(call $sleep (i32.const 1)) unreachable", " trapped: ", false)]
    [InlineData("(loop $again (br $again))", " was stopped after 0.5 s, its timeout", true)]
    public async Task Trap_AfterTheHeaderBlock_AbortsTheConnection(string end, string logged, bool sentBefore)
    {
        var (data, code) = Wat.Print(Head + "half an answer");
        await using var host = await HandlerHost.StartAsync(
            Wat.Start(code + end, data), defaults: new() { Timeout = TimeSpan.FromMilliseconds(500) });

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        // Chunked, and without the last chunk; or nothing at all, when the guest traps before any of it is sent.
        if (sentBefore || answer is not ("" or "<reset>"))
        {
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("half an answer", answer, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length", answer, StringComparison.Ordinal);
        await WaitForAsync(() => host.Log.Lines.Any(line => line.Contains(logged, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(7, "ended with exit code 7 after its answer")]
    public async Task ExitCode_AfterTheAnswer_IsLoggedOnly(int exitCode, string logged)
    {
        var (data, code) = Wat.Print(Head + "whole");
        await using var host = await HandlerHost.StartAsync(Wat.Start($"{code} (call $proc_exit (i32.const {exitCode}))", data));

        Assert.Equal("whole", await host.Client.GetStringAsync("/"));
        Assert.Equal(logged.Length > 0, host.Log.Lines.Any(line => line.EndsWith(logged, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("(loop $again (br $again))")]
    [InlineData("(call $sleep (i32.const 60000))")]
    [InlineData("(loop $again (call $sleep (i32.const 10)) (br $again))")]
    public async Task Guest_ThatDoesNotEnd_Gives504_InTime(string body)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Start(body), entry: entry => entry with { Timeout = TimeSpan.FromMilliseconds(300) });
        var watch = Stopwatch.StartNew();

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        Assert.InRange(watch.ElapsedMilliseconds, 290, 3000);
        Assert.Contains(host.Log.Lines, line => line.Contains("0.3 s, its timeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Memory_DoesNotGrow_BeyondItsLimit()
    {
        // Grows by a megabyte until that fails, and tells how many pages there are.
        var (data, code) = Wat.Print(Head);
        var wat = Wat.Start($$"""
            (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
            {{code}}
            (i32.store (i32.const 16) (memory.size))
            (call $write (i32.const 1) (i32.const 16) (i32.const 4))
            """, data);
        await using var host = await HandlerHost.StartAsync(wat, entry: entry => entry with { MemoryLimit = 8 << 20 });

        var pages = BitConverter.ToInt32(await host.Client.GetByteArrayAsync("/"));

        Assert.InRange(pages, 112, 128);
    }

    [Fact]
    public async Task Memory_LargerThanItsLimitFromTheStart_Gives500()
    {
        await using var host = await HandlerHost.StartAsync(
            "(module (memory (export \"memory\") 64) (func (export \"_start\")))", entry: entry => entry with { MemoryLimit = 1 << 20 });

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains(host.Log.Lines, line => line.Contains("could not be started", StringComparison.Ordinal)
            && line.Contains("limit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_LargerThanAllowed_Gives413(bool chunked)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: new() { MaxRequestBody = 100_000 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent(new byte[100_001]) };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await host.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("100000 bytes", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_AsLargeAsAllowed_IsAccepted()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: new() { MaxRequestBody = 100_000 });

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(new byte[100_000]));

        Assert.Equal(100_000, (await response.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task Gate_TurnsAway_WhatNeitherRunsNorWaits()
    {
        var (data, code) = Wat.Print(Head + "done");
        await using var host = await HandlerHost.StartAsync(
            Wat.Start($"(call $sleep (i32.const 500)) {code}", data),
            defaults: new() { MaxQueue = 1 }, entry: entry => entry with { MaxConcurrency = 2 });

        var watch = Stopwatch.StartNew();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            using var response = await host.Client.GetAsync("/");
            return (response.StatusCode, response.Headers.RetryAfter?.Delta, watch.Elapsed);
        }));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        var refused = answers.Where(answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable).ToList();
        Assert.Equal(3, refused.Count);
        Assert.All(refused, answer => Assert.Equal(TimeSpan.FromSeconds(1), answer.Delta));
        Assert.All(refused, answer => Assert.True(answer.Elapsed < TimeSpan.FromMilliseconds(490), $"{answer.Elapsed}"));
    }

    [Fact]
    public async Task Gate_DoesNotKeepWaiting_LongerThanAllowed()
    {
        await using var host = await HandlerHost.StartAsync(
            Wat.Start("(call $sleep (i32.const 2000))"),
            defaults: new() { MaxConcurrency = 1, QueueTimeout = TimeSpan.FromMilliseconds(100) });
        var first = host.Client.GetAsync("/");
        await WaitForAsync(() => Inside(host) == 1);

        using var second = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, second.StatusCode);
        (await first).Dispose();
    }

    private static Task<HandlerHost> StartAsync(GuestEngine engine, string id, int sleep, int? maxConcurrency = null)
    {
        var (data, code) = Wat.Print(Head + id);
        return HandlerHost.StartAsync(
            Wat.Start($"(call $sleep (i32.const {sleep})) {code}", data), engine: engine,
            entry: entry => entry with { Id = id, MaxConcurrency = maxConcurrency }, defaults: new() { MaxQueue = 0 });
    }

    [Fact]
    public async Task ModuleThatAsksForAllPlaces_LeavesThreeQuartersOfThemToOthers()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 8 });
        await using var greedy = await StartAsync(engine, "greedy/slow", sleep: 25_000, maxConcurrency: 1000);
        await using var neighbour = await StartAsync(engine, "neighbour/quick", sleep: 0);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var slow = Enumerable.Range(0, 16).Select(_ => greedy.Client.GetAsync("/", leaving.Token)).ToList();
        await WaitForAsync(() => slow.Count(task => task.IsCompleted) == 14);

        Assert.Equal("neighbour/quick", await neighbour.Client.GetStringAsync("/"));

        Assert.Equal(2, Inside(greedy));
        Assert.Contains(greedy.Log.Lines, line => line.Contains("greedy/slow asks for 1000 requests at a time and gets 2", StringComparison.Ordinal));
        await leaving.CancelAsync();
        await Task.WhenAll(slow).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task NeighbourOfATenantWithManyModules_IsAnsweredAfterOneRound()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 2, ModuleShare = 100 });
        var greedy = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => StartAsync(engine, $"greedy/{i}", sleep: 300)));
        await using var neighbour = await StartAsync(engine, "neighbour/quick", sleep: 0);
        var slow = greedy.SelectMany(host => new[] { host.Client.GetStringAsync("/"), host.Client.GetStringAsync("/") }).ToList();
        await WaitForAsync(() => engine.Slots.Waiting > 14);

        Assert.Equal("neighbour/quick", await neighbour.Client.GetStringAsync("/"));

        Assert.InRange(slow.Count(task => task.IsCompleted), 0, 10);
        await Task.WhenAll(slow);
        foreach (var host in greedy)
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Guests_OfAllModulesTogether_AreNoMoreThanTheSlots()
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 2, ModuleShare = 100 });
        var (data, code) = Wat.Print(Head + "done");
        await using var host = await HandlerHost.StartAsync(
            Wat.Start($"(call $sleep (i32.const 50)) {code}", data), engine: engine, defaults: new() { MaxConcurrency = 50 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.Client.GetStringAsync("/")));

        Assert.All(answers, answer => Assert.Equal("done", answer));
    }

    [Fact]
    public async Task Client_ThatHangsUp_EndsTheGuest()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Start("(call $sleep (i32.const 25000))"));
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(host.Address.Host, host.Address.Port);
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            await WaitForAsync(() => Inside(host) == 1);
        }

        await WaitForAsync(() => Inside(host) == 0);
    }

    [Fact]
    public async Task Client_ThatHangsUp_EndsAGuestThatComputes()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Start("(loop $again (br $again))"));
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(host.Address.Host, host.Address.Port);
            await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
            await WaitForAsync(() => Inside(host) == 1);
        }

        await WaitForAsync(() => Inside(host) == 0);
    }

    [Fact]
    public async Task Client_ThatSendsSlowly_KeepsNoPlace()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: new() { MaxConcurrency = 1, MaxQueue = 0 });
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await client.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n12345"u8.ToArray());

        using var other = await host.Client.PostAsync("/", new StringContent("quick"));
        Assert.Equal("quick", await other.Content.ReadAsStringAsync());
        // The answer is there a moment before its place is free.
        await WaitForAsync(() => Inside(host) == 0);

        await client.GetStream().WriteAsync("67890"u8.ToArray());
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        Assert.EndsWith("1234567890", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SleepingGuests_DoNotStarve_TheOthers()
    {
        await using var sleeping = await HandlerHost.StartAsync(
            Wat.Start("(call $sleep (i32.const 3000))"), defaults: new() { MaxConcurrency = 40 });
        await using var quick = await HandlerHost.StartAsync(Wat.Printing(Head + "quick"));
        var sleepers = Enumerable.Range(0, 30).Select(_ => sleeping.Client.GetAsync("/")).ToList();
        await WaitForAsync(() => Inside(sleeping) == 30);

        var watch = Stopwatch.StartNew();
        Assert.Equal("quick", await quick.Client.GetStringAsync("/"));

        Assert.InRange(watch.ElapsedMilliseconds, 0, 1500);
        foreach (var sleeper in sleepers)
        {
            (await sleeper).Dispose();
        }
    }

    private static int Inside(HandlerHost host) => host.Handler.Running;

    private static async Task WaitForAsync(Func<bool> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), "the condition did not come about in 20 s");
            await Task.Delay(5);
        }
    }
}
