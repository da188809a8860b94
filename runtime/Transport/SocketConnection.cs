using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Wagi.Runtime.Transport;

/// <summary>A connection from a client: what comes is received and answered by <see cref="RequestThreads"/>, and sent by whoever has written it.</summary>
internal sealed class SocketConnection : DefaultConnectionContext, IMemoryPoolFeature
{
    /// <summary>Bytes that a block must still have room for; otherwise another is begun.</summary>
    private const int MinReceive = 2 << 10;

    /// <summary>Bytes that are received before somebody has read them.</summary>
    private const long MaxReceived = 1 << 20;

    /// <summary>Bytes that are taken before the client has.</summary>
    private const long MaxUnsent = 64 << 10;

    private const int BrokenPipe = 32;
    private const int ConnectionReset = 104;

    private static long s_lastId = DateTime.UtcNow.Ticks;

    private readonly RequestThreads _threads;
    private readonly Socket _socket;
    private readonly Pipe _input;
    private readonly Pipe _output;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Task _sending = Task.CompletedTask;
    private TaskCompletionSource? _writable;
    private SocketDirection _inbound;
    private SocketDirection _outbound;
    private Exception? _endReason;
    private volatile bool _hasPeerEnded;
    private bool _isShut;

    /// <param name="socket">Connected; is the connection's from here on.</param>
    /// <param name="memory">Where to receive into and to send from.</param>
    /// <param name="threads">The threads that answer it.</param>
    public SocketConnection(Socket socket, MemoryPool<byte> memory, RequestThreads threads)
        : base(Interlocked.Increment(ref s_lastId).ToString("X13", CultureInfo.InvariantCulture))
    {
        _socket = socket;
        _threads = threads;
        MemoryPool = memory;
        LocalEndPoint = socket.LocalEndPoint;
        RemoteEndPoint = socket.RemoteEndPoint;
        ConnectionClosed = _closed.Token;
        _input = new Pipe(new PipeOptions(
            memory, RequestThreads.AfterEvent, PipeScheduler.ThreadPool, MaxReceived, MaxReceived / 2, useSynchronizationContext: false));
        _output = new Pipe(new PipeOptions(
            memory, PipeScheduler.Inline, PipeScheduler.ThreadPool, MaxUnsent, MaxUnsent / 2, useSynchronizationContext: false));
        Transport = new DuplexPipe(_input.Reader, _output.Writer);
        Features.Set<IMemoryPoolFeature>(this);
    }

    /// <inheritdoc/>
    public MemoryPool<byte> MemoryPool { get; }

    /// <summary>The socket, which is its own.</summary>
    public SafeSocketHandle Socket => _socket.SafeHandle;

    /// <summary>What <see cref="RequestThreads"/> know it by.</summary>
    public ulong Key { get; set; }

    /// <summary>Begins to receive and to send.</summary>
    /// <exception cref="Win32Exception">The kernel refuses to tell of the socket; the connection is not used then.</exception>
    public void Start()
    {
        _inbound.TryWait();
        _sending = SendAsync();
        _threads.Add(this);
    }

    /// <summary>The kernel has something to say about the socket.</summary>
    public void OnEvents(SocketEvent events)
    {
        const SocketEvent End = SocketEvent.PeerEnded | SocketEvent.HungUp | SocketEvent.Error;
        if ((events & End) != 0)
        {
            _hasPeerEnded = true;
        }

        if ((events & (SocketEvent.Writable | End)) != 0 && _outbound.Signal())
        {
            _writable!.SetResult();
        }

        if ((events & (SocketEvent.Readable | End)) != 0 && _inbound.Signal())
        {
            _ = ReceiveAsync();
        }
    }

    /// <summary>Receives until there is nothing for now. What it wakes up begins when the thread is back in <see cref="RequestThreads"/>.</summary>
    private async Task ReceiveAsync()
    {
        Exception? error = null;
        try
        {
            for (; ; )
            {
                var memory = _input.Writer.GetMemory(MinReceive);
                var count = NativeSocket.Receive(Socket, memory.Span);
                if (count == NativeSocket.Nothing)
                {
                    if (_inbound.TryWait())
                    {
                        return;
                    }
                }
                else if (count == 0)
                {
                    break;
                }
                else if (count < 0)
                {
                    error = ErrorOf(-count);
                    break;
                }
                else
                {
                    _input.Writer.Advance(count);
                    var flushed = await _input.Writer.FlushAsync();
                    if (flushed.IsCompleted || flushed.IsCanceled)
                    {
                        break;
                    }

                    // Less than there was room for is all there is (epoll(7), question 9), unless the end is there as well.
                    if (count < memory.Length && !_hasPeerEnded && _inbound.TryWait())
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception exception)
        {
            error = exception;
        }

        _input.Writer.Complete(_endReason ?? error);
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.FireClosed(), this, preferLocal: false);
    }

    /// <summary>Tells whoever still works for the client.</summary>
    private void FireClosed()
    {
        _closed.Cancel();
        _received.TrySetResult();
    }

    /// <summary>Sends what is written, on the thread of whoever writes, as long as there is room.</summary>
    private async Task SendAsync()
    {
        Exception? error = null;
        try
        {
            for (; ; )
            {
                var result = await _output.Reader.ReadAsync();
                if (result.IsCanceled)
                {
                    break;
                }

                var unsent = SendNow(result.Buffer);
                var isSent = unsent.IsEmpty;
                _output.Reader.AdvanceTo(unsent.Start);
                if (!isSent)
                {
                    // Continued by the thread that hears of room: there is little to do.
                    _writable = new TaskCompletionSource();
                    if (_outbound.TryWait())
                    {
                        await _writable.Task;
                    }
                }
                else if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception)
        {
            error = exception;
        }
        finally
        {
            Shut(error);

            // A client that has gone is no error of whoever writes: the end of the input tells it.
            _output.Reader.Complete(error is ConnectionResetException ? null : error);
            _input.Writer.CancelPendingFlush();
        }
    }

    /// <summary>Sends as much as there is room for, and returns the rest.</summary>
    private ReadOnlySequence<byte> SendNow(ReadOnlySequence<byte> unsent)
    {
        var (length, sent) = (unsent.Length, 0L);
        foreach (var part in unsent)
        {
            var count = part.IsEmpty ? 0 : NativeSocket.Send(Socket, part.Span, hasMore: sent + part.Length < length);
            if (count < 0 && count != NativeSocket.Nothing)
            {
                throw ErrorOf(-count);
            }

            sent += Math.Max(count, 0);
            if (count < part.Length)
            {
                break;
            }
        }

        return unsent.Slice(sent);
    }

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason)
    {
        Shut(abortReason);
        _output.Reader.CancelPendingRead();
    }

    /// <inheritdoc/>
    public override void Abort() => Abort(new ConnectionAbortedException());

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _input.Reader.Complete();
        _output.Writer.Complete();
        await _sending;
        await _received.Task;
        _threads.Remove(this);
        _socket.Dispose();
        _closed.Dispose();
        await base.DisposeAsync();
    }

    /// <param name="reason">Null: all was said.</param>
    private void Shut(Exception? reason)
    {
        lock (_lock)
        {
            if (_isShut)
            {
                return;
            }

            _isShut = true;
            _endReason = reason ?? new ConnectionAbortedException("The connection was closed by the server.");
            if (reason is null)
            {
                try
                {
                    _socket.Shutdown(SocketShutdown.Both);
                }
                catch (SocketException)
                {
                    // It has gone already.
                }
            }
            else
            {
                NativeSocket.Reset(Socket);
            }
        }
    }

    private static Exception ErrorOf(int error) => error is ConnectionReset or BrokenPipe
        ? new ConnectionResetException("The client has reset the connection.")
        : new IOException(Marshal.GetPInvokeErrorMessage(error));

    private sealed class DuplexPipe(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
