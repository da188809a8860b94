using System.Net;
using System.Net.Sockets;

namespace Wagi.Modules.Network;

/// <summary>
/// Resolves names by the operating system, which blocks a thread for as long as a name server takes: one of its own for each name, so that
/// names that resolve slowly take no thread from the pool, on which everything else runs. Whoever asks for the same name meanwhile shares
/// the answer.
/// </summary>
/// <param name="lookUp">What blocks; null: <see cref="Dns.GetHostAddresses(string)"/>.</param>
internal sealed class NameResolver(Func<string, IPAddress[]>? lookUp = null)
{
    /// <summary>Names that are resolved for one requester at a time. One that gives up goes on, so requests that are cut off add up.</summary>
    public const int MaxOfRequester = 32;

    private readonly Func<string, IPAddress[]> _lookUp = lookUp ?? Dns.GetHostAddresses;
    private readonly Dictionary<string, Task<IPAddress[]>> _underWay = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _requesters = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>The addresses of a name.</summary>
    /// <param name="host">The name.</param>
    /// <param name="requester">Who wants to know, and may have <see cref="MaxOfRequester"/> names resolved at a time; null: without a limit.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="SocketException">There is no such name, no answer, or too many names are resolved for the requester.</exception>
    public async Task<IPAddress[]> ResolveAsync(string host, string? requester, CancellationToken cancellationToken) =>
        await Start(host, requester).WaitAsync(cancellationToken).ConfigureAwait(false);

    private Task<IPAddress[]> Start(string host, string? requester)
    {
        lock (_lock)
        {
            if (_underWay.TryGetValue(host, out var same))
            {
                return same;
            }

            var count = requester is null ? 0 : _requesters.GetValueOrDefault(requester);
            if (count >= MaxOfRequester)
            {
                throw new SocketException((int)SocketError.TryAgain);
            }

            if (requester is not null)
            {
                _requesters[requester] = count + 1;
            }

            var task = Task.Factory.StartNew(
                () => LookUp(host, requester), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            _underWay[host] = task;
            return task;
        }
    }

    private IPAddress[] LookUp(string host, string? requester)
    {
        try
        {
            return _lookUp(host);
        }
        finally
        {
            lock (_lock)
            {
                _underWay.Remove(host);
                if (requester is not null && --_requesters[requester] == 0)
                {
                    _requesters.Remove(requester);
                }
            }
        }
    }
}
