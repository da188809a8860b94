using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Outbound;

/// <summary>The responses that one run of a guest holds open. Disposed with the run, so that nothing of them is left for the next.</summary>
internal sealed class OutboundSessions(OutboundAccess access) : IDisposable
{
    private readonly Dictionary<uint, OutboundSession> _open = [];
    private uint _next;

    /// <summary>Sends a request and waits for the head of its response.</summary>
    /// <param name="process">The run, which may be stopped meanwhile.</param>
    /// <param name="url">UTF-8.</param>
    /// <param name="method">UTF-8.</param>
    /// <param name="headers">Lines <c>name:value\n</c>, UTF-8.</param>
    /// <param name="body">Any bytes.</param>
    /// <param name="handle">The handle of the response; not used before in this run.</param>
    /// <param name="session">The response; null on any error.</param>
    public HttpError Send(
        GuestRun process, ReadOnlySpan<byte> url, ReadOnlySpan<byte> method, ReadOnlySpan<byte> headers, ReadOnlySpan<byte> body,
        out uint handle, out OutboundSession? session)
    {
        handle = 0;
        session = null;
        var error = OutboundRequest.TryRead(url, method, headers, body, out var request);
        if (request is null)
        {
            access.Record(OutboundOutcome.Invalid);
            return error;
        }

        if (!access.TryEnter())
        {
            access.Record(OutboundOutcome.TooManySessions);
            return HttpError.TooManySessions;
        }

        var opened = new OutboundSession(access);
        try
        {
            error = opened.Send(process, request);
            if (error == HttpError.Success && !process.IsStopped)
            {
                handle = _next++;
                _open.Add(handle, opened);
                session = opened;
            }

            return error;
        }
        finally
        {
            if (session is null)
            {
                opened.Dispose();
            }
        }
    }

    public OutboundSession? Find(uint handle) => _open.GetValueOrDefault(handle);

    public void Close(uint handle)
    {
        if (_open.Remove(handle, out var session))
        {
            session.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var session in _open.Values)
        {
            session.Dispose();
        }

        _open.Clear();
    }
}
