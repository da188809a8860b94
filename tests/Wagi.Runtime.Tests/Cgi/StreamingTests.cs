using System.Diagnostics;
using System.Security.Cryptography;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Bodies in and out, as they come.</summary>
[Collection(AloneCollection.Name)]
public class StreamingTests
{
    [Theory]
    [InlineData("(call $sleep (i32.const 3000))")]
    [InlineData("(loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000000000))))")]
    public async Task Event_IsSent_BeforeTheGuestEnds(string pause)
    {
        var (data1, first) = Wat.Print("content-type: text/event-stream\n\ndata: first\n\n");
        var (data2, second) = Wat.Print("data: second\n\n", 6000);
        await using var host = await HandlerHost.StartAsync(Wat.Start(first + pause + second, data1 + data2));

        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[100];
        var read = await stream.ReadAsync(buffer);

        Assert.Equal("data: first\n\n", System.Text.Encoding.ASCII.GetString(buffer, 0, read));
        Assert.Equal(1, host.Handler.Running);
        using var reader = new StreamReader(stream);
        Assert.Equal("data: second\n\n", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Head_IsSent_WhenTheGuestSleepsAfterIt()
    {
        var (data, code) = Wat.Print("content-type: text/event-stream\n\n");
        await using var host = await HandlerHost.StartAsync(Wat.Start($"{code} (call $sleep (i32.const 20000))", data));

        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(1, host.Handler.Running);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16_384)]
    [InlineData(16_385)]
    [InlineData(65_536)]
    [InlineData(10_000_000)]
    public async Task Echo_GivesBack_EveryByte(int length)
    {
        var sent = RandomNumberGenerator.GetBytes(length);
        await using var host = await HandlerHost.StartAsync(Wat.Echo);

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent));

        var received = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(length, received.Length);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Echo_OfAChunkedBody_GivesBackEveryByte()
    {
        var sent = RandomNumberGenerator.GetBytes(1_000_000);
        await using var host = await HandlerHost.StartAsync(Wat.Echo);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StreamContent(new MemoryStream(sent)) };
        request.Headers.TransferEncodingChunked = true;

        using var response = await host.Client.SendAsync(request);

        var received = await response.Content.ReadAsByteArrayAsync();
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Guest_Waits_ForAClientThatReadsSlowly()
    {
        // Endless: 64 KiB again and again. A host that did not wait would take all memory there is.
        var (data, code) = Wat.Print("content-type: text/plain\n\n");
        await using var host = await HandlerHost.StartAsync(
            Wat.Start($"{code} (loop $again (call $write (i32.const 1) (i32.const 8192) (i32.const 65536)) (br $again))", data),
            defaults: new() { Timeout = TimeSpan.FromSeconds(1) });
        var before = GC.GetTotalMemory(forceFullCollection: true);

        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        var watch = Stopwatch.StartNew();
        while (host.Handler.Running > 0)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: false) - before, long.MinValue, 200L << 20);
            await Task.Delay(20);
        }

        // The deadline cut it off, and the client can tell.
        await Assert.ThrowsAnyAsync<Exception>(async () => await (await response.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null));
    }
}
