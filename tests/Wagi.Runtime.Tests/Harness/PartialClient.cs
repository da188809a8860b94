using System.Net.Sockets;
using System.Text;
using Wagi.Runtime.Bodies;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>A client that has sent a part of its body, and goes on when it is told to.</summary>
internal sealed class PartialClient : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly TcpClient _client = new();
    private NetworkStream _stream = null!;

    private PartialClient()
    {
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Sends the head of a request, and the part; without a length it is part of a chunked body.</summary>
    public static async Task<PartialClient> SendAsync(HandlerHost host, int? length, ReadOnlyMemory<byte> part, string connection = "close")
    {
        var client = new PartialClient();
        await client._client.ConnectAsync(host.Address.Host, host.Address.Port, Cancellation);
        client._stream = client._client.GetStream();
        await client.SendAsync(Encoding.ASCII.GetBytes(
            $"POST / HTTP/1.1\r\nHost: x\r\n{(length is null ? "Transfer-Encoding: chunked" : $"Content-Length: {length}")}\r\nConnection: {connection}\r\n\r\n"));
        await client.SendAsync(part);
        return client;
    }

    public static Task<PartialClient> SendAsync(HandlerHost host, int length, int part) => SendAsync(host, length, new byte[part]);

    /// <summary>What the bodies of the host's module use.</summary>
    public static ModuleBodies ShareOf(HandlerHost host)
    {
        var bodies = host.Bodies.Of("tests/handler", "");
        bodies.Dispose();
        return bodies;
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes) =>
        _stream.WriteAsync(bytes, Cancellation).AsTask().WaitAsync(Deadline, Cancellation);

    /// <summary>Sends nothing more, as if that were all.</summary>
    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Reads at least so many bytes.</summary>
    public async Task<string> ReadAsync(int atLeast)
    {
        var bytes = new byte[Math.Max(atLeast, 4096)];
        var read = await _stream.ReadAtLeastAsync(bytes, atLeast, cancellationToken: Cancellation).AsTask().WaitAsync(Deadline, Cancellation);
        return Encoding.Latin1.GetString(bytes, 0, read);
    }

    /// <summary>Reads until a text has come.</summary>
    public async Task<string> ReadUntilAsync(string end)
    {
        var text = "";
        while (!text.Contains(end, StringComparison.Ordinal))
        {
            text += await ReadAsync(1);
        }

        return text;
    }

    /// <summary>Reads all that the server sends until it closes; what has come when it breaks off.</summary>
    public async Task<string> ReadAnswerAsync()
    {
        using var answer = new MemoryStream();
        try
        {
            await _stream.CopyToAsync(answer, Cancellation).WaitAsync(Deadline, Cancellation);
        }
        catch (IOException)
        {
            answer.Write("<reset>"u8);
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }

    public void Dispose() => _client.Dispose();
}
