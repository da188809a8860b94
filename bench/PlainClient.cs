using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Wagi.Bench;

/// <summary>One kept connection, and the thread that uses it waits: it measures the server and as little as possible of itself.</summary>
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
            var text = Encoding.ASCII.GetString(_answer, 0, length);
            if (IsWhole(text))
            {
                return (HttpStatusCode)int.Parse(text.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
            }
        }
    }

    private static bool IsWhole(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        const string Field = "Content-Length: ";
        var at = text.IndexOf(Field, 0, end, StringComparison.OrdinalIgnoreCase);
        return at < 0
            ? text.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
            : text.Length - end - 4 >= int.Parse(text.AsSpan(at + Field.Length, text.IndexOf('\r', at) - at - Field.Length), CultureInfo.InvariantCulture);
    }

    public void Dispose() => _socket.Dispose();
}
