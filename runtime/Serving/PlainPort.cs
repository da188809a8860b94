using System.Buffers;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Wagi.Runtime.Serving;

/// <summary>
/// A port without TLS, for HTTP/1.1 and for HTTP/2 with prior knowledge (RFC 9113 §3.3). Kestrel chooses by endpoint, so the HTTP/2 part is an
/// endpoint of its own that no client reaches. Each connection to the port is led to the one or the other by its first bytes; requests
/// pass nothing more than before.
/// </summary>
internal static class PlainPort
{
    /// <summary>What every HTTP/2 connection begins with (RFC 9113 §3.4).</summary>
    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    /// <summary>Listens on a port without TLS.</summary>
    public static void Listen(KestrelServerOptions kestrel, IPEndPoint address)
    {
        ConnectionDelegate? http2 = null;

        // The first to be bound, so that HTTP/2 is there when the port opens.
        kestrel.Listen(new NoEndPoint(), listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => http2 = next);
        });
        kestrel.Listen(address, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(http1 => connection => ServeAsync(connection, http1, http2!, kestrel.Limits));
        });
    }

    private static async Task ServeAsync(ConnectionContext connection, ConnectionDelegate http1, ConnectionDelegate http2, KestrelServerLimits limits)
    {
        bool isHttp2;
        try
        {
            isHttp2 = await BeginsWithPrefaceAsync(connection, limits);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            return; // Gone, too slow, or the server stops.
        }

        await (isHttp2 ? http2 : http1)(connection);
    }

    /// <summary>Looks at the first bytes, as many as it takes to decide, and leaves them to be read. The limits are those of HTTP/1.1.</summary>
    private static async ValueTask<bool> BeginsWithPrefaceAsync(ConnectionContext connection, KestrelServerLimits limits)
    {
        var input = connection.Transport.Input;
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? CancellationToken.None;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(limits.KeepAliveTimeout);
        for (var hasBegun = false; ;)
        {
            var read = await input.ReadAsync(patience.Token);
            var (start, end, length) = (read.Buffer.Start, read.Buffer.End, read.Buffer.Length);
            var mayBePreface = IsStartOfPreface(read.Buffer);
            if (!mayBePreface || length >= Preface.Length || read.IsCompleted)
            {
                input.AdvanceTo(start);
                return mayBePreface && length >= Preface.Length;
            }

            input.AdvanceTo(start, end);
            if (!hasBegun && length > 0)
            {
                hasBegun = true;
                patience.CancelAfter(limits.RequestHeadersTimeout);
            }
        }
    }

    private static bool IsStartOfPreface(ReadOnlySequence<byte> buffer)
    {
        Span<byte> begin = stackalloc byte[(int)Math.Min(buffer.Length, Preface.Length)];
        buffer.Slice(0, begin.Length).CopyTo(begin);
        return Preface.StartsWith(begin);
    }

    /// <summary>No address.</summary>
    private sealed class NoEndPoint : EndPoint;

    /// <summary>The transport of <see cref="NoEndPoint"/>: no connection ever comes.</summary>
    public sealed class NoTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector
    {
        public bool CanBind(EndPoint endpoint) => endpoint is NoEndPoint;

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult<IConnectionListener>(new Listener(endpoint));

        private sealed class Listener(EndPoint endpoint) : IConnectionListener
        {
            private readonly TaskCompletionSource<ConnectionContext?> _unbound = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public EndPoint EndPoint => endpoint;

            public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
                new(_unbound.Task.WaitAsync(cancellationToken));

            public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
            {
                _unbound.TrySetResult(null);
                return ValueTask.CompletedTask;
            }

            public ValueTask DisposeAsync() => UnbindAsync();
        }
    }
}
