using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Wagi.Bench.Clients;

/// <summary>
/// One kept connection, and the thread that uses it waits: it measures the server and as little as possible of itself. It allocates nothing for a
/// request.
/// </summary>
internal sealed class PlainClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _request;
    private readonly byte[] _answer = new byte[16 << 10];

    public PlainClient(Uri server, string path)
    {
        _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {server.Authority}\r\n\r\n");
        _socket.Connect(server.Host, server.Port);
    }

    /// <summary>Sends the request and reads its answer, which is short and says its length or ends a chunked body.</summary>
    public HttpStatusCode Get()
    {
        _socket.Send(_request);
        var length = 0;
        while (true)
        {
            var read = _socket.Receive(_answer.AsSpan(length));
            if (read == 0)
            {
                throw new IOException("the server has hung up");
            }

            length += read;
            var answer = _answer.AsSpan(0, length);
            if (IsWhole(answer))
            {
                return Utf8Parser.TryParse(answer["HTTP/1.1 ".Length..], out int status, out _)
                    ? (HttpStatusCode)status
                    : throw new IOException("the server does not speak HTTP/1.1");
            }
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var field = "Content-Length: "u8;
        foreach (var range in answer[..end].Split("\r\n"u8))
        {
            var line = answer[range];
            if (line.Length > field.Length && Ascii.EqualsIgnoreCase(line[..field.Length], field) && Utf8Parser.TryParse(line[field.Length..], out int length, out _))
            {
                return answer.Length - end - 4 >= length;
            }
        }

        return answer.EndsWith("0\r\n\r\n"u8);
    }

    public void Dispose() => _socket.Dispose();
}
