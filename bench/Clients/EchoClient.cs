using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Wagi.Bench.Clients;

/// <summary>
/// Sends a body and reads it back at the same time, on one kept connection, and compares as it reads: so what is measured is the server's work, and
/// little of the client's.
/// </summary>
internal sealed class EchoClient : IDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _head;
    private readonly byte[] _body;
    private readonly byte[] _buffer = new byte[256 << 10];
    private int _start;
    private int _end;

    public EchoClient(Uri server, string path, byte[] body)
    {
        _body = body;
        _head = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {server.Authority}\r\nContent-Length: {body.Length}\r\n\r\n");
        _socket.Connect(server.Host, server.Port);
    }

    /// <summary>Sends the body once, and returns when all of it has come back.</summary>
    /// <exception cref="IOException">Something else has come back.</exception>
    public async Task EchoAsync()
    {
        var sending = Task.Run(() =>
        {
            _socket.Send(_head);
            for (var sent = 0; sent < _body.Length;)
            {
                sent += _socket.Send(_body.AsSpan(sent, Math.Min(256 << 10, _body.Length - sent)));
            }
        });
        Receive();
        await sending;
    }

    private void Receive()
    {
        var status = Line();
        int? length = null;
        for (var line = Line(); line.Length > 0; line = Line())
        {
            if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(line.AsSpan("Content-Length: ".Length), CultureInfo.InvariantCulture);
            }
        }

        if (!status.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new IOException($"the server answers '{status}'");
        }

        var position = 0;
        if (length is not null)
        {
            Compare(ref position, length.Value);
        }
        else
        {
            for (var chunk = Chunk(); chunk > 0; chunk = Chunk())
            {
                Compare(ref position, chunk);
                Line();
            }

            Line();
        }

        if (position != _body.Length)
        {
            throw new IOException($"{position} bytes have come back of {_body.Length}");
        }
    }

    private int Chunk() => Utf8Parser.TryParse(Encoding.ASCII.GetBytes(Line()), out int length, out _, 'x')
        ? length
        : throw new IOException("the answer is not chunked as it says");

    private void Compare(ref int position, int count)
    {
        while (count > 0)
        {
            Fill();
            var part = _buffer.AsSpan(_start, Math.Min(count, _end - _start));
            if (position + part.Length > _body.Length || !part.SequenceEqual(_body.AsSpan(position, part.Length)))
            {
                throw new IOException("what has come back is not what was sent");
            }

            _start += part.Length;
            position += part.Length;
            count -= part.Length;
        }
    }

    private string Line()
    {
        var line = new StringBuilder();
        while (true)
        {
            Fill();
            var next = _buffer[_start++];
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)next);
        }
    }

    private void Fill()
    {
        if (_start < _end)
        {
            return;
        }

        _start = 0;
        _end = _socket.Receive(_buffer);
        if (_end == 0)
        {
            throw new IOException("the server has hung up");
        }
    }

    public void Dispose() => _socket.Dispose();
}
