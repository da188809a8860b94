using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Tests.Components;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Large bodies whose guests start before they are whole.</summary>
public class ArrivingBodyTests
{
    private const int Large = 4 << 20;
    private const int Part = 2 << 20;

    // The memory that is reserved for the server's pipe.
    private const int Window = 1 << 20;

    /// <summary>Reads its body to the end, and then says "done".</summary>
    private static string Reader { get; } = Reading("(if (local.get $i) (then (br $again)))");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Reading(string afterwards) => Wat.Start(
        $"""
        (loop $again
          (i32.store (i32.const 0) (i32.const 16384))
          (i32.store (i32.const 4) (i32.const 65536))
          (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
          (local.set $i (i32.load (i32.const 8)))
          {afterwards})
        {Wat.Print("content-type: text/plain\n\ndone").Code}
        """, Wat.Print("content-type: text/plain\n\ndone").Data);

    private static Task<bool> BecomesAsync(Func<bool> condition) =>
        Eventually.Becomes(_ => Task.FromResult(condition()), isMet => isMet, cancellationToken: Cancellation);

    private static Task<(int Running, long Memory, long Disk)> NothingIsKeptAsync(HandlerHost host) => Eventually.Becomes(
        () => (host.Handler.Running, Memory: PartialClient.ShareOf(host).Memory.Taken, Disk: PartialClient.ShareOf(host).Disk.Taken),
        kept => kept == (0, 0, 0), cancellationToken: Cancellation);

    public static TheoryData<string> Echoes => new(Wat.Echo, ComponentText.Echo);

    [Theory]
    [MemberData(nameof(Echoes))]
    public async Task Guest_Answers_WhileItsBodyArrives(string echo)
    {
        var sent = RandomNumberGenerator.GetBytes(Large);
        await using var host = await HandlerHost.StartAsync(echo);
        using var client = await PartialClient.SendAsync(host, Large, sent.AsMemory(0, Part));

        var answer = await client.ReadAsync(Part);
        Assert.Equal(1, host.Handler.Running);
        await client.SendAsync(sent.AsMemory(Part));
        answer += await client.ReadAnswerAsync();

        Assert.True(sent.AsSpan().SequenceEqual(HandlerHost.BodyOf(answer)));
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task Http2_Guest_Answers_WhileItsBodyArrives()
    {
        var sent = RandomNumberGenerator.GetBytes(Large);
        await using var host = await HandlerHost.StartAsync(SharedEngine.Load(Wat.Echo), protocols: HttpProtocols.Http2);
        var goOn = new TaskCompletionSource();
        using var request = Http2(new PausingContent(sent, Part, goOn.Task));

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        var received = new byte[Large];
        await body.ReadExactlyAsync(received.AsMemory(0, Part), Cancellation);
        goOn.SetResult();
        await body.ReadExactlyAsync(received.AsMemory(Part), Cancellation);

        Assert.Equal(0, await body.ReadAsync(new byte[1], Cancellation));
        Assert.True(sent.AsSpan().SequenceEqual(received));
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task SmallBody_IsWhole_BeforeTheGuestStarts()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        using var client = await PartialClient.SendAsync(host, 1 << 20, (1 << 20) - 1);
        await BecomesAsync(() => PartialClient.ShareOf(host).Memory.Taken == 1 << 20);

        Assert.Equal(0, host.Handler.Running);
        await client.SendAsync(new byte[1]);
        Assert.Equal(1 << 20, HandlerHost.BodyOf(await client.ReadAnswerAsync()).Length);
    }

    /// <summary>Whoever needs more than a second for the first megabyte is too slow to be waited for in a place.</summary>
    [Fact]
    public async Task BodyOfASlowClient_IsWhole_BeforeTheGuestStarts()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        using var client = await PartialClient.SendAsync(host, Large, 1);
        await Task.Delay(TimeSpan.FromSeconds(1.1), Cancellation);
        await client.SendAsync(new byte[Large - 2]);
        await BecomesAsync(() => PartialClient.ShareOf(host).Disk.Taken == Large - 1);

        Assert.Equal(0, host.Handler.Running);
        await client.SendAsync(new byte[1]);
        Assert.Equal(Large, HandlerHost.BodyOf(await client.ReadAnswerAsync()).Length);
    }

    [Fact]
    public async Task Memory_IsBounded_WhileALargeBodyArrives()
    {
        await using var host = await HandlerHost.StartAsync(Reader);
        using var client = await PartialClient.SendAsync(host, 24 << 20, 20 << 20);

        await BecomesAsync(() => host.Handler.Running == 1 && PartialClient.ShareOf(host) is { Memory.Taken: Window, Disk.Taken: 0 });

        await client.SendAsync(new byte[4 << 20]);
        Assert.EndsWith("\r\n\r\ndone", await client.ReadAnswerAsync(), StringComparison.Ordinal);
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task WithoutMemory_TheBodyIsWhole_BeforeTheGuestStarts()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, bodies: new BodyOptions { Memory = Window - 1 });
        using var client = await PartialClient.SendAsync(host, Large, Large - 1);

        await BecomesAsync(() => PartialClient.ShareOf(host).Disk.Taken == Large - 1);
        Assert.Equal(0, host.Handler.Running);
    }

    [Fact]
    public async Task ClientThatStalls_Gets408_WhileThereIsNoAnswer()
    {
        await using var host = await HandlerHost.StartAsync(Reader, defaults: new() { ClientTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = await PartialClient.SendAsync(host, Large, Part);

        var answer = await client.ReadAnswerAsync();

        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\n408 the request body did not arrive in time (request ", answer, StringComparison.Ordinal);
        await NothingIsKeptAsync(host);
        Assert.Empty(host.Log.Lines);
    }

    [Fact]
    public async Task ClientThatStalls_IsCutOff_OnceItsAnswerHasBegun()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: new() { ClientTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = await PartialClient.SendAsync(host, Large, Part);

        var answer = await client.ReadAsync(Part) + await client.ReadAnswerAsync();

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task Http2_ClientThatStalls_Gets408()
    {
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Reader), defaults: new() { ClientTimeout = TimeSpan.FromMilliseconds(300) }, protocols: HttpProtocols.Http2);
        var goOn = new TaskCompletionSource();
        using var request = Http2(new PausingContent(new byte[Large], Part, goOn.Task));

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        Assert.Equal(HttpStatusCode.RequestTimeout, response.StatusCode);
        goOn.SetResult();
        await NothingIsKeptAsync(host);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClientThatGoes_StopsTheGuest(bool isWaitingForIt)
    {
        // One that waits for the client, or for other things without end.
        await using var host = await HandlerHost.StartAsync(
            isWaitingForIt ? Reader : Reading("(br_if $again (local.get $i)) (call $sleep (i32.const 100000))"));
        using (await PartialClient.SendAsync(host, Large, isWaitingForIt ? Part : Large))
        {
            await BecomesAsync(() => host.Handler.Running == 1);
        }

        await NothingIsKeptAsync(host);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BodyShorterThanDeclared_IsNoRequest(bool echoes)
    {
        await using var host = await HandlerHost.StartAsync(echoes ? Wat.Echo : Reader);
        using var client = await PartialClient.SendAsync(host, Large, Part);
        await BecomesAsync(() => host.Handler.Running == 1);

        client.EndSending();
        var answer = await client.ReadAnswerAsync();

        Assert.DoesNotContain("done", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Content-Length: 0", answer, StringComparison.Ordinal);
        await NothingIsKeptAsync(host);
    }

    /// <summary>A client may read its answer before it has sent its body, or not before.</summary>
    [Theory]
    [InlineData(Part)]
    [InlineData(Large)]
    public async Task BodyThatNobodyReads_IsTakenToItsEnd_AndTheConnectionGoesOn(int part)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Printing("content-type: text/plain\n\nhello"));
        using var client = await PartialClient.SendAsync(host, Large, new byte[part], "keep-alive");

        Assert.EndsWith("\r\n\r\nhello", await client.ReadUntilAsync("hello"), StringComparison.Ordinal);
        await client.SendAsync(new byte[Large - part]);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());

        Assert.EndsWith("\r\n\r\nhello", await client.ReadAnswerAsync(), StringComparison.Ordinal);
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task Http2_BodyThatNobodyReads_DoesNotKeepTheConnection()
    {
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Wat.Printing("content-type: text/plain\n\nhello")), protocols: HttpProtocols.Http2);
        var goOn = new TaskCompletionSource();
        for (var i = 0; i < 3; i++)
        {
            using var request = Http2(new PausingContent(new byte[Large], Part, goOn.Task));
            using var response = await host.Client.SendAsync(request, Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
            Assert.Equal("hello", await response.Content.ReadAsStringAsync(Cancellation));
        }

        goOn.SetResult();
        await NothingIsKeptAsync(host);
    }

    /// <summary>RFC 9113 §5.2: what one stream does not take counts against the connection.</summary>
    [Fact]
    public async Task Http2_GuestsThatDoNotRead_LeaveTheConnectionToOthers()
    {
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Reading("(call $sleep (i32.const 100000))")), protocols: HttpProtocols.Http2);
        var never = new TaskCompletionSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sleeping = new List<Task>();
        for (var i = 1; i <= 4; i++)
        {
            sleeping.Add(host.Client.SendAsync(Http2(new PausingContent(new byte[Large], Large - 1, never.Task)), ending.Token));
            await Eventually.Becomes(
                () => (Running: host.Handler.Running, Kept: PartialClient.ShareOf(host).Disk.Taken),
                now => now.Running == i && now.Kept > i * (Large - Part), cancellationToken: Cancellation);
        }

        await ending.CancelAsync();
        never.SetResult();
        await Task.WhenAll(sleeping).ContinueWith(_ => { }, Cancellation);
        await NothingIsKeptAsync(host);
    }

    /// <summary>The server may notice that a client has reset its stream only when it is told what was read: seen with the real one, but not at will.</summary>
    [Fact]
    public async Task FakeReader_ThatFailsWhenItIsAdvanced_LeavesNothingBehind()
    {
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var store = new BodyStore(new BodyOptions(), folder, NullLogger.Instance);
        using var bodies = store.Of("module", "tenant");
        var body = ArrivingBody.TryBegin(new BodyBuffer(bodies), new ResetReader(), bodies, Large, Large, TimeSpan.FromSeconds(30))!;

        body.Keep();
        await body.EndAsync();

        Assert.Throws<IOException>(body.ThrowIfBroken);
        Assert.Equal((0, 0), (bodies.Memory.Taken, bodies.Disk.Taken));
    }

    /// <summary>Many clients read nothing before they have sent all; and a guest may not be further ahead of its client than 32 MiB.</summary>
    [Fact]
    public async Task ClientThatReadsNothingUntilItHasSentAll_GetsEveryByte()
    {
        var sent = RandomNumberGenerator.GetBytes(56 << 20);
        await using var host = await HandlerHost.StartAsync(
            Wat.Echo, defaults: new() { MaxRequestBody = 64 << 20 }, bodies: new BodyOptions { Largest = 128 << 20 });
        using var client = await PartialClient.SendAsync(host, sent.Length, sent);

        var answer = await client.ReadAnswerAsync();
        Assert.True(sent.AsSpan().SequenceEqual(HandlerHost.BodyOf(answer)));
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task ClientThatReadsNothingUntilItHasSentAll_GetsTheAnswerOfAGuestThatReadsNothing()
    {
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        const string Write = """
            (loop $again
              (call $write (i32.const 1) (i32.const 8192) (i32.const 65536))
              (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
            """;
        await using var host = await HandlerHost.StartAsync(Wat.Start(code + Write, data));
        using var client = await PartialClient.SendAsync(host, 30 << 20, 30 << 20);

        Assert.Equal(16 << 20, HandlerHost.BodyOf(await client.ReadAnswerAsync()).Length);
        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task Guest_HasItsWholeTime_HoweverLongItsClientTakes()
    {
        await using var host = await HandlerHost.StartAsync(Reader, defaults: new() { Timeout = TimeSpan.FromMilliseconds(300) });
        using var client = await PartialClient.SendAsync(host, Large, Part);
        await BecomesAsync(() => host.Handler.Running == 1);
        await Task.Delay(TimeSpan.FromMilliseconds(600), Cancellation);

        await client.SendAsync(new byte[Large - Part]);

        Assert.EndsWith("\r\n\r\ndone", await client.ReadAnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientsThatStall_LeaveHalfOfThePlaces()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: new() { MaxConcurrency = 4, MaxQueue = 0 });
        var clients = new List<PartialClient>();
        for (var i = 1; i <= 6; i++)
        {
            clients.Add(await PartialClient.SendAsync(host, Large, Part));
            await BecomesAsync(() => host.Handler.Running == Math.Min(i, 2) && PartialClient.ShareOf(host).Disk.Taken == Math.Max(i - 2, 0) * Part);
        }

        using var response = await host.Client.PostAsync("/", new StringContent("quick"), Cancellation);

        Assert.Equal("quick", await response.Content.ReadAsStringAsync(Cancellation));
        foreach (var client in clients)
        {
            await client.SendAsync(new byte[Large - Part]);
            Assert.Equal(Large, HandlerHost.BodyOf(await client.ReadAnswerAsync()).Length);
            client.Dispose();
        }

        await NothingIsKeptAsync(host);
    }

    [Fact]
    public async Task ManyAtTheSameTime_GetEveryByte()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), Cancellation, async (_, cancellation) =>
        {
            var sent = RandomNumberGenerator.GetBytes(Large);
            using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent), cancellation);
            var received = await response.Content.ReadAsByteArrayAsync(cancellation);
            Assert.True(sent.AsSpan().SequenceEqual(received));
        });

        await NothingIsKeptAsync(host);
    }

    /// <summary>The guest says "~" whenever it has waited for 10 ms and stdin was not ready.</summary>
    [Fact]
    public async Task Poll_Tells_WhetherReadingWouldWait()
    {
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        const string ReadWhatIsThere = """
            (loop $again
              (i64.store (i32.const 256) (i64.const 1)) (i64.store (i32.const 264) (i64.const 1)) (i32.store (i32.const 272) (i32.const 0))
              (i64.store (i32.const 304) (i64.const 2)) (i64.store (i32.const 312) (i64.const 0)) (i64.store (i32.const 320) (i64.const 1))
              (i64.store (i32.const 328) (i64.const 10000000)) (i64.store (i32.const 336) (i64.const 0)) (i64.store (i32.const 344) (i64.const 0))
              (if (call $poll_oneoff (i32.const 256) (i32.const 512) (i32.const 2) (i32.const 192)) (then unreachable))
              (if (i64.ne (i64.load (i32.const 512)) (i64.const 1))
                (then (call $write (i32.const 1) (i32.const 6000) (i32.const 1)) (br $again)))
              (i32.store (i32.const 0) (i32.const 16384))
              (i32.store (i32.const 4) (i32.const 65536))
              (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
              (br_if $again (i32.load (i32.const 8))))
            (call $write (i32.const 1) (i32.const 6001) (i32.const 1))
            """;
        await using var host = await HandlerHost.StartAsync(Wat.Start(code + ReadWhatIsThere, data + "(data (i32.const 6000) \"~!\")"));
        using var client = await PartialClient.SendAsync(host, Large, Part);

        await client.ReadUntilAsync("~");
        await client.SendAsync(new byte[Large - Part]);

        Assert.Contains("!", await client.ReadAnswerAsync(), StringComparison.Ordinal);
    }

    private static HttpRequestMessage Http2(HttpContent content) => new(HttpMethod.Post, "/")
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = content,
    };

    /// <summary>Has bytes, and notices that its client has gone when they are taken.</summary>
    private sealed class ResetReader : PipeReader
    {
        private int _advances;

        public override bool TryRead(out ReadResult result)
        {
            result = new ReadResult(new ReadOnlySequence<byte>(new byte[100]), isCanceled: false, isCompleted: false);
            return true;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
            TryRead(out var result) ? new(result) : default;

        public override void AdvanceTo(SequencePosition consumed)
        {
            // The first is that of whoever waited for the bytes.
            if (++_advances > 1)
            {
                throw new IOException("The client reset the request stream.");
            }
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

        public override void CancelPendingRead()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }

    /// <summary>A body with a declared length, of which the rest is sent when it is time.</summary>
    private sealed class PausingContent(byte[] bytes, int part, Task goOn) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes.AsMemory(0, part));
            await stream.FlushAsync();
            await goOn;
            await stream.WriteAsync(bytes.AsMemory(part));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return true;
        }
    }
}
