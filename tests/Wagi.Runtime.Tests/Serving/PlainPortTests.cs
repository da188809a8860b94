using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Serving;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Serving;

/// <summary>HTTP/1.1 and HTTP/2 with prior knowledge on one port without TLS.</summary>
public sealed class PlainPortTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    /// <summary>An empty SETTINGS frame (RFC 9113 §6.5).</summary>
    private const string Settings = "\0\0\0\u0004\0\0\0\0\0";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BothVersions_AreAnswered()
    {
        await using var server = await ServeAsync(context => context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Scheme}"));

        Assert.Equal("HTTP/2 http", await GetAsync(server, HttpVersion.Version20));
        Assert.Equal("HTTP/1.1 http", await GetAsync(server, HttpVersion.Version11));
    }

    [Fact]
    public async Task HundredRequestsOfOneConnection_DoNotWaitForASlowOne()
    {
        var slow = new TaskCompletionSource();
        await using var server = await ServeAsync(async context =>
        {
            if (context.Request.Path == "/slow")
            {
                await slow.Task;
            }

            await context.Response.WriteAsync(context.Connection.Id);
        });
        using var client = Client(HttpVersion.Version20);
        var first = client.GetStringAsync(AddressOf(server) + "/slow", Cancellation);

        var others = await Task.WhenAll(Enumerable.Range(0, 99).Select(_ => client.GetStringAsync(AddressOf(server), Cancellation)));

        Assert.False(first.IsCompleted);
        slow.SetResult();
        Assert.Equal([await first], others.Distinct());
    }

    [Fact]
    public async Task OneConnection_HasNoMoreThanAHundredRequestsAtATime()
    {
        var (inside, most) = (0, 0);
        var open = new TaskCompletionSource();
        await using var server = await ServeAsync(async context =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref inside));
            await open.Task;
            Interlocked.Decrement(ref inside);
        });
        using var client = Client(HttpVersion.Version20);

        var answers = Enumerable.Range(0, 150).Select(_ => client.GetStringAsync(AddressOf(server), Cancellation)).ToList();
        await Eventually.Becomes(() => Volatile.Read(ref inside), inside => inside >= 100, cancellationToken: Cancellation);
        open.SetResult();
        await Task.WhenAll(answers);

        Assert.Equal(100, most);
    }

    /// <summary>Nothing is sent after the byte that decides: the answer would be lost with the connection.</summary>
    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK")]
    [InlineData("PRI / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nX", "\0\0\b\a")] // GOAWAY, with the error HTTP_1_1_REQUIRED
    [InlineData("PRI * HTTP/3.0\r\n", "HTTP/1.1 505 ")]
    [InlineData("\0", "HTTP/1.1 400 Bad Request")]
    public async Task WhateverIsNotThePreface_GoesToHttp1_InOnePieceAndByteByByte(string sent, string answer)
    {
        await using var server = await ServeAsync(context => Task.CompletedTask);

        Assert.StartsWith(answer, await SendAsync(server, [sent]), StringComparison.Ordinal);
        Assert.StartsWith(answer, await SendAsync(server, sent.Select(character => character.ToString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PrefaceInPieces_BeginsHttp2()
    {
        await using var server = await ServeAsync(context => Task.CompletedTask);

        // Then a frame that is not allowed there, so that the server ends the connection.
        var answer = await SendAsync(server, [.. Preface.Select(character => character.ToString()), Settings, "garbage garbage garbage"]);

        Assert.Equal(Settings[3], answer[3]);
        Assert.DoesNotContain("HTTP/1.1", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PRI * HT")]
    public async Task ClientThatSaysTooLittle_IsClosed(string sent)
    {
        await using var server = await ServeAsync(
            context => Task.CompletedTask,
            limits => (limits.KeepAliveTimeout, limits.RequestHeadersTimeout) = sent.Length == 0
                ? (TimeSpan.FromSeconds(0.2), TimeSpan.FromHours(1))
                : (TimeSpan.FromHours(1), TimeSpan.FromSeconds(0.2)));

        Assert.Equal("", await SendAsync(server, [sent]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("PRI")]
    public async Task ClientThatHasNotBegun_DoesNotKeepTheServerFromStopping(string sent)
    {
        await using var server = await ServeAsync(context => Task.CompletedTask);
        using var socket = await ConnectAsync(server);
        await socket.SendAsync(Encoding.Latin1.GetBytes(sent), Cancellation);

        // A connection that came later has been served, so the one before has been accepted.
        await GetAsync(server, HttpVersion.Version11);
        await server.StopAsync(Cancellation).WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    private static async Task<WebApplication> ServeAsync(RequestDelegate answer, Action<KestrelServerLimits>? configure = null)
    {
        var builder = KestrelApplication.CreateBuilder(new IPEndPoint(IPAddress.Loopback, 0), NullLoggerFactory.Instance);
        builder.WebHost.ConfigureKestrel(kestrel => configure?.Invoke(kestrel.Limits));
        var application = builder.Build();
        application.Run(answer);
        await application.StartAsync(Cancellation);
        return application;
    }

    private static string AddressOf(WebApplication server) => KestrelApplication.AddressOf(server);

    private static HttpClient Client(Version version) =>
        new() { DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task<string> GetAsync(WebApplication server, Version version)
    {
        using var client = Client(version);
        return await client.GetStringAsync(AddressOf(server), Cancellation);
    }

    private static async Task<Socket> ConnectAsync(WebApplication server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(AddressOf(server)).Port, Cancellation);
        return socket;
    }

    /// <summary>Sends pieces, each in a packet of its own, and gives back all that comes until the server closes.</summary>
    private static async Task<string> SendAsync(WebApplication server, IEnumerable<string> pieces)
    {
        using var socket = await ConnectAsync(server);
        using var answer = new MemoryStream();
        try
        {
            foreach (var piece in pieces)
            {
                await socket.SendAsync(Encoding.Latin1.GetBytes(piece), Cancellation);
            }

            await using var stream = new NetworkStream(socket);
            await stream.CopyToAsync(answer, Cancellation).WaitAsync(Eventually.DefaultDeadline, Cancellation);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            // Closed before everything was read.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
