using System.Net;
using System.Net.Sockets;

namespace Wagi.Oci.Tests.Registries;

/// <summary>
/// Forwards TCP to a real registry and cuts connections in the middle of an answer, as a network or a dying registry
/// does.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly IPEndPoint _target;
    private readonly long _bytesBeforeCut;
    private readonly bool _refuseAfterCut;
    private readonly Task _accepting;
    private int _cutsLeft;
    private int _cuts;

    private CuttingProxy(string target, long bytesBeforeCut, int cuts, bool refuseAfterCut)
    {
        _target = IPEndPoint.Parse(target);
        _bytesBeforeCut = bytesBeforeCut;
        _cutsLeft = cuts;
        _refuseAfterCut = refuseAfterCut;
        _listener.Start();
        Address = _listener.LocalEndpoint.ToString()!;
        _accepting = AcceptAsync();
    }

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Address { get; }

    /// <summary>How many connections were cut.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <summary>Starts a proxy.</summary>
    /// <param name="target">Address of the registry.</param>
    /// <param name="bytesBeforeCut">How much of its answers each of the first connections may bring.</param>
    /// <param name="cuts">How many connections to cut; later ones are forwarded untouched.</param>
    /// <param name="refuseAfterCut">Whether no further connection is accepted after the first cut.</param>
    public static CuttingProxy Start(string target, long bytesBeforeCut, int cuts, bool refuseAfterCut = false) =>
        new(target, bytesBeforeCut, cuts, refuseAfterCut);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ForwardAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }

        await Task.WhenAll(connections);
    }

    private async Task ForwardAsync(Socket client)
    {
        using var near = client;
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await far.ConnectAsync(_target, _stop.Token);
            var requests = CopyAsync(near, far, long.MaxValue);
            var limit = Interlocked.Decrement(ref _cutsLeft) >= 0 ? _bytesBeforeCut : long.MaxValue;
            if (await CopyAsync(far, near, limit))
            {
                Interlocked.Increment(ref _cuts);
                if (_refuseAfterCut) _listener.Stop();
                near.LingerState = new LingerOption(true, 0);
            }

            near.Close();
            far.Close();
            await requests;
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the two sides went away.
        }
    }

    /// <returns>Whether the limit was reached.</returns>
    private async Task<bool> CopyAsync(Socket from, Socket to, long limit)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (limit > 0)
            {
                var count = await from.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(limit, buffer.Length)), _stop.Token);
                if (count == 0) return false;
                await to.SendAsync(buffer.AsMemory(0, count), _stop.Token);
                limit -= count;
            }

            return true;
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            return false;
        }
    }
}
