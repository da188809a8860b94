using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Clients that send or read slowly use what is bounded, and keep nobody's place.</summary>
public class SlowClientTests
{
    private const int Large = 4 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<bool> BecomesAsync(Func<bool> condition) =>
        Eventually.Becomes(_ => Task.FromResult(condition()), isMet => isMet, cancellationToken: Cancellation);

    private static ModuleBodies ShareOf(HandlerHost host) => PartialClient.ShareOf(host);

    /// <summary>With one place, no guest starts before its body is whole.</summary>
    private static HandlerDefaults OnePlace => new() { MaxConcurrency = 1 };

    [Fact]
    public async Task LargeBody_WaitsOnDisk_AndLeavesNoFile()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: OnePlace);
        using var client = await PartialClient.SendAsync(host, Large, Large - 1);
        await BecomesAsync(() => ShareOf(host).Disk.Taken == Large - 1);
        Assert.Equal(0, ShareOf(host).Memory.Taken);

        // It has no name, so that a process that dies leaves nothing, either.
        Assert.Empty(Directory.EnumerateFileSystemEntries(host.SpoolFolder));

        await client.SendAsync(new byte[1]);
        Assert.Equal(Large, HandlerHost.BodyOf(await client.ReadAnswerAsync()).Length);
        await BecomesAsync(() => ShareOf(host).Disk.Taken == 0);
    }

    [Fact]
    public async Task SmallBody_WaitsInMemory_AndGivesItBack()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        using var client = await PartialClient.SendAsync(host, 20_000, 19_999);
        await BecomesAsync(() => ShareOf(host).Memory.Taken == 32 << 10);
        Assert.Equal(0, ShareOf(host).Disk.Taken);

        client.Dispose();

        await BecomesAsync(() => ShareOf(host).Memory.Taken == 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(3_000_000)]
    public async Task WithoutDisk_MemoryHasToDo(int length)
    {
        var sent = RandomNumberGenerator.GetBytes(length);
        await using var host = await HandlerHost.StartAsync(Wat.Echo, bodies: new BodyOptions { Disk = 0 });

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent), Cancellation);

        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync(Cancellation));
        await BecomesAsync(() => ShareOf(host).Memory.Taken == 0);
    }

    [Fact]
    public async Task WithoutAFolder_MemoryHasToDo_AndTheLogSaysSo()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: OnePlace);
        File.WriteAllText(host.SpoolFolder, "in the way");
        var sent = RandomNumberGenerator.GetBytes(3_000_000);

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent), Cancellation);

        Assert.Equal(sent, await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Contains(host.Log.Lines, line => line.Contains($"Bodies cannot be kept in {host.SpoolFolder}: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BodiesOverTheShare_Get503_WhileTheOthersAreServed()
    {
        // Two bodies of 100,000 bytes fit, a third does not.
        var budget = new BodyOptions { Disk = 800_000, Memory = 0, Largest = 200_000 };
        await using var host = await HandlerHost.StartAsync(Wat.Echo, bodies: budget);
        using var first = await PartialClient.SendAsync(host, 100_000, 99_999);
        using var second = await PartialClient.SendAsync(host, 100_000, 99_999);
        await BecomesAsync(() => ShareOf(host).Disk.Taken == 199_998);

        using var third = await host.Client.PostAsync("/", new ByteArrayContent(new byte[100_000]), Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), third.Headers.RetryAfter?.Delta);
        Assert.Matches(
            @"^503 too many bytes of bodies are kept for the module \(request \S+\)\n$", await third.Content.ReadAsStringAsync(Cancellation));
        Assert.Contains(host.Log.Lines, line => line.EndsWith(
            " was turned away: there is no room for its body; the module's bodies have 0 bytes of memory and 199998 of disk", StringComparison.Ordinal));
        using var neighbour = host.Bodies.Of("tests/neighbour", "");
        using var body = new BodyBuffer(neighbour);
        Assert.True(body.TryAppend(new byte[200_000]));
        await first.SendAsync(new byte[1]);
        Assert.Equal(100_000, HandlerHost.BodyOf(await first.ReadAnswerAsync()).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2_000_000)]
    public async Task BodyThatDoesNotArriveInTime_Gets408(int part)
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo, defaults: OnePlace with { ClientTimeout = TimeSpan.FromMilliseconds(300) });
        using var client = await PartialClient.SendAsync(host, Large, part);

        var answer = await client.ReadAnswerAsync();

        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\n\r\n408 the request body did not arrive in time (request ", answer, StringComparison.Ordinal);
        Assert.Equal((0, 0), (ShareOf(host).Memory.Taken, ShareOf(host).Disk.Taken));
    }

    /// <summary>Kestrel's own minimum is 240 bytes a second, after five seconds.</summary>
    [Fact]
    public async Task BodyThatTrickles_Gets408()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        using var client = await PartialClient.SendAsync(host, 100, 1);

        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", await client.ReadAnswerAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http2_BodyThatDoesNotArriveInTime_Gets408()
    {
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Wat.Echo), defaults: new() { ClientTimeout = TimeSpan.FromMilliseconds(300) }, protocols: HttpProtocols.Http2);
        using var request = Http2(HttpMethod.Post);
        using var never = new CancellationTokenSource();
        request.Content = new StallingContent(never.Token);

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);

        Assert.Equal(HttpStatusCode.RequestTimeout, response.StatusCode);
        await never.CancelAsync();
    }

    [Theory]
    [InlineData(HttpProtocols.Http1)]
    [InlineData(HttpProtocols.Http2)]
    public async Task ClientThatReadsSlowly_KeepsNoPlace_AndGetsEveryByte(HttpProtocols protocol)
    {
        var sent = RandomNumberGenerator.GetBytes(16 << 20);
        await using var host = await HandlerHost.StartAsync(
            SharedEngine.Load(Wat.Echo), defaults: new() { MaxConcurrency = 1, MaxQueue = 0 }, protocols: protocol);
        using var request = protocol == HttpProtocols.Http2 ? Http2(HttpMethod.Post) : new HttpRequestMessage(HttpMethod.Post, "/");
        request.Content = new ByteArrayContent(sent);

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await BecomesAsync(() => host.Handler.Running == 0);
        Assert.NotEqual(0, ShareOf(host).Disk.Taken);
        using var next = protocol == HttpProtocols.Http2 ? Http2(HttpMethod.Post) : new HttpRequestMessage(HttpMethod.Post, "/");
        next.Content = new StringContent("quick");
        using var quick = await host.Client.SendAsync(next, Cancellation);
        Assert.Equal("quick", await quick.Content.ReadAsStringAsync(Cancellation));

        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(sent.AsSpan().SequenceEqual(received));
        await BecomesAsync(() => ShareOf(host) is { Memory.Taken: 0, Disk.Taken: 0 });
    }

    [Fact]
    public async Task ClientThatDoesNotReadInTime_IsCutOff()
    {
        // 16 MiB, in pieces of 64 KiB.
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        const string Write = """
            (loop $again
              (call $write (i32.const 1) (i32.const 8192) (i32.const 65536))
              (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
            """;
        await using var host = await HandlerHost.StartAsync(
            Wat.Start(code + Write, data), defaults: new() { ClientTimeout = TimeSpan.FromMilliseconds(500) });

        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await BecomesAsync(() => host.Handler.Running == 0);
        await BecomesAsync(() => ShareOf(host) is { Memory.Taken: 0, Disk.Taken: 0 });

        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync(Cancellation));
    }

    [Fact]
    public async Task ClientThatHangsUp_FreesItsBacklog()
    {
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        using (var client = await PartialClient.SendAsync(host, 16 << 20, 16 << 20))
        {
            await client.ReadAsync(1);
            await BecomesAsync(() => host.Handler.Running == 0);
        }

        await BecomesAsync(() => ShareOf(host) is { Memory.Taken: 0, Disk.Taken: 0 });
    }

    /// <summary>With no room at all the guest waits, as long as it may live.</summary>
    [Fact]
    public async Task WithoutRoom_TheGuestWaitsForItsClient()
    {
        var sent = RandomNumberGenerator.GetBytes(16 << 20);
        await using var host = await HandlerHost.StartAsync(Wat.Echo, bodies: new BodyOptions { Memory = 0, Disk = 16 << 20, Largest = 16 << 20 });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new ByteArrayContent(sent) };

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal(1, host.Handler.Running);

        var received = await response.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    private static HttpRequestMessage Http2(HttpMethod method) =>
        new(method, "/") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    /// <summary>One byte, and no end.</summary>
    private sealed class StallingContent(CancellationToken end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[1], end);
            await stream.FlushAsync(end);
            await Task.Delay(Timeout.Infinite, end);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
