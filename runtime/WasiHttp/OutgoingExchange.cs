using System.Diagnostics.CodeAnalysis;
using System.Text;
using Wagi.Modules.Network;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary>
/// A request that a guest has sent, and its response. Holds a place of <see cref="OutboundAccess"/>, which it gives back when it is released.
/// Used on the guest's thread only.
/// </summary>
#pragma warning disable CA1001 // Release disposes what there is, when it is not used any more
internal sealed class OutgoingExchange : IBodySource
#pragma warning restore CA1001
{
    private readonly OutboundAccess _access;
    private readonly Uri _target;
    private readonly RequestOptions? _options;
    private readonly CancellationTokenSource _cancellation;
    private readonly Task<(HttpResponseMessage? Response, Stream? Body, OutboundFault? Fault)> _sending;
    private ResponseContent? _content;
    private OutboundOutcome _outcome = OutboundOutcome.Cancelled;
    private bool _isReleased;

    private OutgoingExchange(OutboundAccess access, Uri target, OutgoingRequest request, RequestOptions? options)
    {
        _access = access;
        _target = target;
        _options = options;
        _cancellation = new CancellationTokenSource(access.Limits.Timeout);
        _sending = SendAsync(MessageOf(request, target));
    }

    /// <summary>Ends when there is a response, or an error. Never fails.</summary>
    public Task Arrival => _sending;

    /// <summary>The response; only after <see cref="Arrival"/>, and when <see cref="Conclude"/> has found no error.</summary>
    public HttpResponseMessage Response => _sending.Result.Response!;

    /// <inheritdoc/>
    public InputStream Content => _content!;

    /// <summary>Sends a request, unless that is not allowed.</summary>
    /// <returns>What was sent, or why it was not.</returns>
    public static (OutgoingExchange? Exchange, ErrorCode? Error) Begin(GuestRun run, OutgoingRequest request, RequestOptions? options)
    {
        if (OutboundAccess.Of(run) is not { } access)
        {
            return (null, new ErrorCode(ErrorKind.HttpRequestDenied));
        }

        var (outcome, error, reason) = request.Target is not { } target ? (OutboundOutcome.Invalid, ErrorKind.HttpRequestUriInvalid, "")
            : request.Method.Equals("CONNECT", StringComparison.OrdinalIgnoreCase) ? (OutboundOutcome.Invalid, ErrorKind.HttpRequestMethodInvalid, "")
            : !access.Client.Allows(target, access) ? (OutboundOutcome.NotAllowed, ErrorKind.HttpRequestDenied, "allowed_hosts does not list it")
            : !access.TryEnter() ? (OutboundOutcome.TooManySessions, ErrorKind.ConnectionLimitReached, "as many responses are open as may be (http_max_concurrency)")
            : (OutboundOutcome.Completed, default, "");
        if (outcome == OutboundOutcome.Completed)
        {
            return (new OutgoingExchange(access, request.Target!, request, options), null);
        }

        access.Record(outcome);
        if (reason.Length > 0)
        {
            access.Report(run, request.Target!, reason);
        }

        return (null, new ErrorCode(error));
    }

    /// <summary>There is a response, or an error. Once only.</summary>
    public ErrorCode? Conclude(GuestRun run)
    {
        var (_, body, fault) = _sending.Result;
        _outcome = fault?.Outcome ?? OutboundOutcome.Completed;
        if (fault is not null)
        {
            return Report(run, fault);
        }

        _content = new ResponseContent(
            new OutboundBody(body!, _access, TimeOf(_options?.BetweenBytesTimeout), _cancellation.Token), this);
        return null;
    }

    /// <summary>Counts what went wrong, and tells the module's owner.</summary>
    public ErrorCode Report(GuestRun run, OutboundFault fault)
    {
        _outcome = fault.Outcome;
        _access.Report(run, _target, fault.Reason);
        return OutgoingErrors.Of(fault, _access.Limits, hasHead: _content is not null);
    }

    /// <inheritdoc/>
    public (IEnumerable<HttpField> Fields, ErrorCode? Error) Trailers(GuestRun run) => _content!.Failure is HttpIoError { Code: var code }
        ? ([], code)
        : (FieldsOf(Response.TrailingHeaders.SelectMany(header => header.Value, static (header, value) => KeyValuePair.Create(header.Key, value))), null);

    /// <summary>The header fields of the response.</summary>
    public IEnumerable<HttpField> Headers => FieldsOf(OutboundClient.HeadersOf(Response));

    /// <inheritdoc/>
    public void Release()
    {
        if (!_isReleased)
        {
            _isReleased = true;
            _cancellation.Cancel();
            _ = DisposeAsync();
            _access.Leave();
            _access.Record(_outcome);
        }
    }

    /// <summary>The response may still arrive when nobody waits for it any more.</summary>
    private async Task DisposeAsync()
    {
        (await _sending.ConfigureAwait(false)).Response?.Dispose();
        _cancellation.Dispose();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "The guest gets an error for everything.")]
    private async Task<(HttpResponseMessage? Response, Stream? Body, OutboundFault? Fault)> SendAsync(HttpRequestMessage message)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_cancellation.Token);
        try
        {
            var connect = TimeOf(_options?.ConnectTimeout);
            if (connect is { } time)
            {
                message.Options.Set(AddressGuard.ConnectTimeout, time);
            }

            if (TimeOf(_options?.FirstByteTimeout) is { } first)
            {
                deadline.CancelAfter(first + (connect ?? TimeSpan.Zero));
            }

            var response = await _access.Client.SendAsync(message, _access, deadline.Token).ConfigureAwait(false);
            if (_access.IsTooLarge(response))
            {
                response.Dispose();
                return (null, null, new OutboundFault(OutboundOutcome.Failed, _access.BodyIsTooLarge));
            }

            return (response, await response.Content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false), null);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return (null, null, new OutboundFault(
                OutboundOutcome.TimedOut, _cancellation.IsCancellationRequested ? _access.TimeIsUp : "its answer did not begin in time"));
        }
        catch (Exception exception)
        {
            var denied = exception.GetBaseException() is DestinationDeniedException;
            return (null, null, new OutboundFault(denied ? OutboundOutcome.NotAllowed : OutboundOutcome.Failed, OutboundClient.Describe(exception), exception));
        }
    }

    private static HttpRequestMessage MessageOf(OutgoingRequest request, Uri target) => OutboundRequest.MessageOf(
        HttpMethod.Parse(request.Method), target,
        request.Headers.All.Where(field => HeaderLines.IsForwarded(field.Name)).Select(field => KeyValuePair.Create(field.Name, Encoding.UTF8.GetString(field.Value))),
        request.Body?.Content);

    private static IEnumerable<HttpField> FieldsOf(IEnumerable<KeyValuePair<string, string>> headers) =>
        headers.Select(header => new HttpField(header.Key, Encoding.Latin1.GetBytes(header.Value)));

    private static TimeSpan? TimeOf(ulong? nanoseconds) =>
        nanoseconds is { } value ? TimeSpan.FromMilliseconds(Math.Min(value / 1e6, int.MaxValue)) : null;

    private sealed class ResponseContent(OutboundBody body, OutgoingExchange exchange) : InputStream
    {
        private HttpIoError? _failure;

        public override IoError? Failure => _failure;

        public override int Read(GuestRun run, Span<byte> target, bool mayWait)
        {
            var filling = body.Fill();
            if (mayWait && !run.Await(filling))
            {
                return 0;
            }

            var count = body.Read(target);
            if (body.Fault is { } fault)
            {
                _failure ??= new HttpIoError(exchange.Report(run, fault));
                return Failed;
            }

            return count == 0 && body.IsEnded ? Ended : count;
        }

        public override Pollable Subscribe() => new ContentPollable(body);
    }

    private sealed class ContentPollable(OutboundBody body) : Pollable
    {
        public override bool IsReady(GuestRun run) => body.IsReady;

        public override Task? Pending(GuestRun run) => body.Fill();
    }
}
