using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Outbound;

/// <summary>The responses that one run of a guest holds open. Disposed with the run, so that nothing of them is left for the next.</summary>
internal sealed class OutboundSessions(OutboundAccess access) : IDisposable
{
    private static readonly RunState<OutboundSessions> State = new();

    private readonly Dictionary<uint, OutboundSession> _open = [];
    private uint _next;

    /// <summary>Those of a run; null when it may reach nothing.</summary>
    public static OutboundSessions? Of(GuestRun run)
    {
        if (State.Of(run) is { } sessions)
        {
            return sessions;
        }

        if (OutboundAccess.Of(run) is not { } access)
        {
            return null;
        }

        sessions = new OutboundSessions(access);
        State.Set(run, sessions);
        return sessions;
    }

    /// <summary>Sends a request and waits for the head of its response.</summary>
    /// <param name="run">The run, which may be stopped meanwhile.</param>
    /// <param name="url">UTF-8.</param>
    /// <param name="method">UTF-8.</param>
    /// <param name="headers">Lines <c>name:value\n</c>, UTF-8.</param>
    /// <param name="body">Any bytes.</param>
    /// <param name="handle">The handle of the response; not used before in this run.</param>
    /// <param name="session">The response; null on any error.</param>
    public HttpError Send(
        GuestRun run, ReadOnlySpan<byte> url, ReadOnlySpan<byte> method, ReadOnlySpan<byte> headers, ReadOnlySpan<byte> body,
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
            error = opened.Send(run, request);
            if (error == HttpError.Success && !run.IsStopped)
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

/// <summary>
/// One request of a guest and its response, whose body is read from the connection when the guest asks for it. Used on the guest's
/// thread only. Holds a place of <see cref="OutboundAccess"/>, which it gives back when it is disposed.
/// </summary>
internal sealed class OutboundSession(OutboundAccess access) : IDisposable
{
    private readonly CancellationTokenSource _cancellation = new(access.Limits.Timeout);
    private OutboundOutcome _outcome = OutboundOutcome.Cancelled;
    private Uri? _target;
    private HttpResponseMessage? _response;
    private OutboundBody? _body;

    /// <summary>The status code of the response.</summary>
    public ushort Status => (ushort)_response!.StatusCode;

    /// <summary>The headers of the response, one for each line received.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers => OutboundClient.HeadersOf(_response!);

    /// <summary>The value of a header, the first if there are several; null if there is none.</summary>
    public string? FindHeader(string name)
    {
        foreach (var header in Headers)
        {
            if (header.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return null;
    }

    /// <summary>Sends the request and waits for the head of the response. Once only.</summary>
    public HttpError Send(GuestRun run, OutboundRequest request)
    {
        _target = request.Target;
        var sending = access.Client.SendAsync(request, access, _cancellation.Token);
        if (!run.Await(sending))
        {
            _ = DisposeLateAsync(sending);
            return HttpError.RequestError;
        }

        var answer = sending.Result;
        _outcome = answer.Outcome;
        _response = answer.Response;
        _body = answer.Body is null ? null : new OutboundBody(answer.Body, access, pause: null, _cancellation.Token);
        if (answer.Error != HttpError.Success)
        {
            access.Report(run, request.Target, answer.Reason);
        }

        return answer.Error;
    }

    /// <summary>Reads the next piece of the body; success and 0 bytes mean its end, for a buffer that is not empty.</summary>
    public HttpError Read(GuestRun run, Span<byte> target, out int count)
    {
        count = 0;
        if (target.IsEmpty)
        {
            return HttpError.Success;
        }

        var wasBroken = _body!.Fault is not null;
        if (!run.Await(_body.Fill()))
        {
            _outcome = OutboundOutcome.Cancelled;
            return HttpError.RequestError;
        }

        count = _body.Read(target);
        if (_body.Fault is not { } fault)
        {
            return HttpError.Success;
        }

        if (!wasBroken)
        {
            _outcome = fault.Outcome;
            access.Report(run, _target!, fault.Reason);
        }

        return HttpError.RequestError;
    }

    /// <summary>The response may still arrive when nobody waits for it any more.</summary>
    private static async Task DisposeLateAsync(Task<OutboundAnswer> sending) => (await sending.ConfigureAwait(false)).Response?.Dispose();

    public void Dispose()
    {
        _cancellation.Cancel();
        _response?.Dispose();
        _cancellation.Dispose();
        access.Leave();
        access.Record(_outcome);
    }
}
