using System.Buffers;
using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Wagi.Runtime.Transport;

/// <summary>Connections whose requests are answered by the thread that hears of them (<see cref="RequestThreads"/>).</summary>
internal sealed class SocketTransport(RequestThreads threads, IMemoryPoolFactory<byte> memory) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        try
        {
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(new SocketTransportOptions().Backlog);
            return ValueTask.FromResult<IConnectionListener>(new Listener(socket, threads, memory));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // What Kestrel has a message for.
            throw new AddressInUseException(exception.Message, exception);
        }
    }

    private sealed class Listener(Socket socket, RequestThreads threads, IMemoryPoolFactory<byte> memory) : IConnectionListener
    {
        private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

        private readonly MemoryPool<byte> _memory = memory.Create();

        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            for (; ; )
            {
                Socket? accepted = null;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken);
                    accepted.NoDelay = true;
                    var connection = new SocketConnection(accepted, _memory, threads);
                    connection.Start();
                    return connection;
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException exception) when (exception.SocketErrorCode == SocketError.OperationAborted)
                {
                    return null;
                }
                catch (Exception exception) when (exception is SocketException or Win32Exception)
                {
                    if (accepted is null)
                    {
                        // There is no room for one more, and will not be at once.
                        await Task.Delay(Pause, cancellationToken);
                    }

                    accepted?.Dispose();
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync(cancellationToken: default);
    }
}
