using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Serving;
using Wagi.Runtime.Transport;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Transport;

/// <summary>Kestrel on top of the connections and threads of our own.</summary>
public sealed class SocketTransportTests
{
    private const int Threads = 2;
    private const int Megabyte = 1 << 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Not each: one that is there before the server asks for it is answered by whoever asks.</summary>
    [Fact]
    public async Task Requests_AreAnsweredByTheThreadsOfTheTransport()
    {
        var answered = 0;
        await using var server = await Server.StartAsync(context =>
        {
            answered += RequestThreads.IsCurrent ? 1 : 0;
            return context.Response.WriteAsync("answered");
        });
        using var client = new HttpClient();

        for (var i = 0; i < 100; i++)
        {
            await client.GetStringAsync(server.Url, Cancellation);
        }

        Assert.InRange(answered, 50, 100);
    }

    /// <summary>By new ones at first, and then by those that had been kept.</summary>
    [Fact]
    public async Task ThreadsThatAreKept_AreReplaced()
    {
        const int Kept = 10;
        using var open = new ManualResetEventSlim();
        await using var server = await Server.StartAsync(context =>
        {
            if (context.Request.Path == "/slow")
            {
                RequestThreads.Keep();
                open.Wait(Cancellation);
            }

            return context.Response.WriteAsync("answered");
        });
        using var client = new HttpClient();

        for (var round = 0; round < 3; round++)
        {
            open.Reset();
            var slow = Enumerable.Range(0, Kept).Select(_ => client.GetStringAsync(server.Url + "slow", Cancellation)).ToList();
            await Task.Delay(100, Cancellation);
            Assert.Equal("answered", await client.GetStringAsync(server.Url, Cancellation));
            Assert.DoesNotContain(slow, request => request.IsCompleted);
            open.Set();
            await Task.WhenAll(slow);
        }

        Assert.InRange(server.Threads.Alive, Threads + Kept, Threads + (2 * Kept));
    }

    /// <summary>As a guest does whose body comes slowly.</summary>
    [Fact]
    public async Task ThreadThatWaitsForItsBody_GetsIt()
    {
        await using var server = await Server.StartAsync(context =>
        {
            var body = new MemoryStream();
            RequestThreads.Keep();
            context.Request.Body.CopyToAsync(body).Wait(Cancellation);
            return context.Response.WriteAsync($"{body.Length}");
        });
        using var client = await server.ConnectAsync();

        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"u8.ToArray(), Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(30, Cancellation);
            await SendAllAsync(client, new byte[1_000_000]);
        }

        Assert.Contains("\r\n3000000\r\n", await ReceiveUntilAsync(client, "3000000\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LargeBody_ComesBackWhole()
    {
        await using var server = await Server.StartAsync(async context =>
        {
            var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, Cancellation);
            await context.Response.Body.WriteAsync(body.ToArray(), Cancellation);
        });
        var bytes = new byte[20 * Megabyte];
        Random.Shared.NextBytes(bytes);
        using var client = new HttpClient();

        using var answer = await client.PostAsync(server.Url, new ByteArrayContent(bytes), Cancellation);

        Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    /// <summary>What a client does not read stays with whoever writes it, and comes when the client goes on.</summary>
    [Fact]
    public async Task ClientThatDoesNotRead_HoldsTheWriterUp()
    {
        const int Size = 64 * Megabyte;
        var written = 0L;
        await using var server = await Server.StartAsync(async context =>
        {
            context.Response.ContentLength = Size;
            for (var block = new byte[64 << 10]; written < Size; written += block.Length)
            {
                await context.Response.Body.WriteAsync(block, Cancellation);
            }
        });
        using var client = await server.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);

        await Task.Delay(500, Cancellation);
        var unread = Volatile.Read(ref written);
        var received = 0L;
        var buffer = new byte[64 << 10];
        for (int count; (count = await client.ReceiveAsync(buffer, Cancellation)) > 0;)
        {
            received += count;
        }

        Assert.InRange(unread, 1, Size / 2);
        Assert.InRange(received, Size, Size + 1000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClientThatGoes_AbortsItsRequest(bool resets)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await Server.StartAsync(context =>
        {
            using var registration = context.RequestAborted.Register(() => aborted.TrySetResult());
            begun.SetResult();
            RequestThreads.Keep();
            aborted.Task.Wait(Cancellation);
            return Task.CompletedTask;
        });
        var client = await server.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Cancellation);
        await begun.Task.WaitAsync(Cancellation);

        client.LingerState = new LingerOption(resets, 0);
        client.Dispose();

        await aborted.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
    }

    /// <summary>Without a length, the end of the connection is the end of the answer: it must not look like one.</summary>
    [Fact]
    public async Task AnswerThatIsAborted_EndsWithAReset()
    {
        await using var server = await Server.StartAsync(async context =>
        {
            await context.Response.WriteAsync("half", Cancellation);
            await context.Response.Body.FlushAsync(Cancellation);
            context.Abort();
        });
        using var client = await server.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Cancellation);

        var exception = await Assert.ThrowsAsync<SocketException>(() => ReceiveUntilAsync(client, "never"));

        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
    }

    [Fact]
    public async Task RequestsInOnePacket_AreAllAnswered()
    {
        await using var server = await Server.StartAsync(context => context.Response.WriteAsync(context.Request.Path));
        using var client = await server.ConnectAsync();

        await client.SendAsync(Encoding.ASCII.GetBytes(string.Concat(
            Enumerable.Range(0, 500).Select(i => $"GET /{i} HTTP/1.1\r\nHost: a\r\n{(i == 499 ? "Connection: close\r\n" : "")}\r\n"))), Cancellation);
        var answers = await ReceiveUntilAsync(client, end: null);

        Assert.Equal(500, answers.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.Contains("/499", answers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_ComeAndGo()
    {
        await using var server = await Server.StartAsync(context => context.Response.WriteAsync("answered"));
        var answered = 0;

        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 100, CancellationToken = Cancellation }, async (i, _) =>
        {
            using var client = await server.ConnectAsync();
            if (i % 3 == 0)
            {
                client.LingerState = new LingerOption(true, 0);
                return;
            }

            await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), Cancellation);
            if (i % 3 == 1)
            {
                await ReceiveUntilAsync(client, "answered");
                Interlocked.Increment(ref answered);
            }
        });

        Assert.Equal(667, answered);
    }

    [Fact]
    public async Task WorkThatIsPosted_IsDoneWhileThreadsAreKept()
    {
        using var open = new ManualResetEventSlim();
        await using var server = await Server.StartAsync(context =>
        {
            RequestThreads.Keep();
            open.Wait(Cancellation);
            return Task.CompletedTask;
        });
        using var client = new HttpClient();
        var slow = Enumerable.Range(0, 4).Select(_ => client.GetStringAsync(server.Url, Cancellation)).ToList();
        using var done = new CountdownEvent(1000);

        for (var i = 0; i < 1000; i++)
        {
            server.Threads.Post(new Work(() => done.Signal()));
        }

        Assert.True(done.Wait(TimeSpan.FromSeconds(10), Cancellation));
        open.Set();
        await Task.WhenAll(slow);
    }

    [Fact]
    public async Task AddressThatIsTaken_IsSaid()
    {
        await using var server = await Server.StartAsync(_ => Task.CompletedTask);

        var exception = await Assert.ThrowsAsync<UnusableAddressException>(() => Server.StartAsync(_ => Task.CompletedTask, new Uri(server.Url).Port));

        Assert.Contains("address already in use", exception.Message, StringComparison.Ordinal);
    }

    private static async Task SendAllAsync(Socket client, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await client.SendAsync(bytes, Cancellation)..];
        }
    }

    /// <summary>What comes until there is a text; null: until the connection ends.</summary>
    private static async Task<string> ReceiveUntilAsync(Socket client, string? end)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 << 10];
        int count;
        do
        {
            count = await client.ReceiveAsync(buffer, Cancellation);
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
        while (count > 0 && (end is null || !text.ToString().Contains(end, StringComparison.Ordinal)));
        return text.ToString();
    }

    private sealed class Work(Action action) : IThreadPoolWorkItem
    {
        public void Execute() => action();
    }

    private sealed class Server : IAsyncDisposable
    {
        private readonly WebApplication _application;

        private Server(WebApplication application, RequestThreads threads)
        {
            _application = application;
            Threads = threads;
        }

        public RequestThreads Threads { get; }

        public string Url => KestrelApplication.AddressOf(_application) + "/";

        public static async Task<Server> StartAsync(RequestDelegate answer, int port = 0)
        {
            var address = new IPEndPoint(IPAddress.Loopback, port);
            var builder = KestrelApplication.CreateBuilder(address, NullLoggerFactory.Instance);
            var threads = new RequestThreads(SocketTransportTests.Threads);
            builder.Services.AddSingleton(threads);
            builder.Services.AddSingleton<IConnectionListenerFactory, SocketTransport>();
            var application = builder.Build();
            application.Run(answer);
            var server = new Server(application, threads);
            try
            {
                await KestrelApplication.StartAsync(application, address);
                return server;
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }

        public async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, new Uri(Url).Port, Cancellation);
            return socket;
        }

        public async ValueTask DisposeAsync()
        {
            await _application.DisposeAsync();
            Threads.Dispose();
        }
    }
}
