using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Routes;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Cgi;

/// <summary>Answers the requests of one module. Disposing it unloads the module; nobody is inside then.</summary>
public interface IModuleHandler : IDisposable
{
    /// <summary>Answers one request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="matchedRoute">The route that it matched.</param>
    /// <param name="entrypoint">The function to call, for a sub-route; null: the entry's own.</param>
    Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null);
}

/// <summary>What a route leads to: answers the requests of one entry, each with a fresh instance of its guest.</summary>
public sealed partial class ModuleHandler : IModuleHandler
{
    /// <summary>Of what the guest writes to stderr.</summary>
    private const int GuestLinesPerSecond = 500;

    /// <summary>Of what there is to say about its requests.</summary>
    private const int WarningsPerSecond = 50;

    private readonly Guest _guest;
    private readonly GuestFiles? _files;
    private readonly string _module;
    private readonly string _tenant;
    private readonly string? _entrypoint;
    private readonly StringBlock _configured = new();
    private readonly RequestFields _fields;
    private readonly bool _compress;
    private readonly RateLimit? _rateLimit;
    private readonly MetaVariables _variables;
    private readonly ArgumentTemplate _arguments;
    private readonly HandlerDefaults _defaults;
    private readonly TimeSpan _timeout;
    private readonly long _memoryLimit;
    private readonly ConcurrencyGate _gate;
    private readonly ModuleBodies _bodies;
    private readonly HandlerMetrics _metrics;
    private readonly LineBudget _lineBudget;
    private readonly IGuestLines _stderr;
    private readonly OutboundAccess _outbound;
    private readonly ILogger _logger;
    private readonly BodyTerms _bodyTerms;

    /// <summary>Creates a handler.</summary>
    /// <param name="entry">
    /// The entry; its limits win over those of <paramref name="defaults"/>, and the host paths of its volumes are absolute.
    /// </param>
    /// <param name="environment">Its environment: configured values and secrets, merged. Never overrides a meta-variable.</param>
    /// <param name="guest">Its module, which the handler owns from here on; <see cref="Guest.Check"/> has accepted it.</param>
    /// <param name="defaults">What the entry leaves open.</param>
    /// <param name="outbound">Sends the HTTP requests of guests; stays the caller's.</param>
    /// <param name="bodies">Keeps the bodies of all modules.</param>
    /// <param name="logger">Where failures go.</param>
    /// <param name="metrics">The process's instruments.</param>
    /// <param name="stderr">Where the guest's stderr goes; null: <paramref name="logger"/>.</param>
    /// <param name="time">For the rates of log lines; null: the system's.</param>
    /// <param name="sharesLimitsWith">
    /// Another module of the same entry: together they have the places, the rate, and the lines in the log that one has; null: there is none.
    /// </param>
    public ModuleHandler(
        ModuleEntry entry, IReadOnlyDictionary<string, string> environment, Guest guest, HandlerDefaults defaults,
        OutboundClient outbound, BodyStore bodies, ILogger logger, RequestMetrics metrics, IGuestLines? stderr = null, TimeProvider? time = null,
        ModuleHandler? sharesLimitsWith = null)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(defaults);
        ArgumentNullException.ThrowIfNull(guest);
        ArgumentNullException.ThrowIfNull(bodies);
        _guest = guest;
        _files = entry.Volumes.IsEmpty ? null : new GuestFiles(guest.Engine, entry.Volumes);
        _module = entry.Id;
        _tenant = entry.Tenant;
        _entrypoint = entry.Entrypoint;
        foreach (var (name, value) in environment)
        {
            _configured.Begin().Append(name).Append("="u8).Append(value).End();
        }

        _fields = new RequestFields(entry.PassAuthorization);
        _compress = entry.Compress;
        _rateLimit = sharesLimitsWith is not null ? sharesLimitsWith._rateLimit : entry.RateLimit is { } rate ? new RateLimit(rate) : null;
        _variables = new MetaVariables(environment, defaults.DefaultHost, _fields);
        _arguments = new ArgumentTemplate(entry.Argv);
        _defaults = defaults;
        _timeout = entry.Timeout ?? defaults.Timeout;
        _memoryLimit = entry.MemoryLimit ?? defaults.MemoryLimit;
        var places = guest.Engine.Options.InstancesOfModule;
        _gate = sharesLimitsWith?._gate ?? new ConcurrencyGate(Math.Min(entry.MaxConcurrency ?? defaults.MaxConcurrency, places), defaults.MaxQueue);
        _bodyTerms = new BodyTerms(defaults.MaxRequestBody, defaults.ClientTimeout, guest.SpeaksHttp, MayArrive);
        _bodies = bodies.Of(entry.Id, entry.Tenant);
        _metrics = new HandlerMetrics(metrics, entry.Id, _gate, _bodies);
        time ??= TimeProvider.System;
        _lineBudget = sharesLimitsWith?._lineBudget ?? new LineBudget(GuestLinesPerSecond, time);
        _logger = sharesLimitsWith?._logger ?? new BudgetedLogger(logger, entry.Id, new LineBudget(WarningsPerSecond, time));
        var limits = defaults.Outbound with { MaxConcurrency = entry.HttpMaxConcurrency ?? defaults.Outbound.MaxConcurrency };
        _outbound = new OutboundAccess(entry.Id, entry.Tenant, entry.AllowedHosts, outbound, limits, metrics.Outbound, _logger);
        _stderr = stderr ?? new LoggedGuestLines(logger);
        if (sharesLimitsWith is null && entry.MaxConcurrency > places)
        {
            LogShare(_module, entry.MaxConcurrency.Value, places, guest.Engine.Options.MaxInstances);
        }
    }

    /// <summary>Told of each request; null: nobody is.</summary>
    internal IRequestLog? RequestLog { get; init; }

    /// <summary>Requests whose guest runs, or is about to.</summary>
    public int Running => _gate.Inside;

    /// <summary>
    /// Asks the module for its routes; empty when it does not export <c>_routes()</c>. It sees what it sees in a request, except the
    /// request itself, and may take <see cref="HandlerDefaults.Timeout"/>.
    /// </summary>
    /// <exception cref="GuestLoadException">As <see cref="SubRoutes.Read"/>.</exception>
    public ImmutableArray<SubRoute> ReadSubRoutes()
    {
        var run = new GuestRun { Files = _files, Timeout = _defaults.Timeout, MemoryLimit = _memoryLimit };
        _outbound.Grant(run);
        run.Environment.Add(_configured);
        run.Configuration = _configured;
        return SubRoutes.Read(_guest, run);
    }

    /// <inheritdoc/>
    public Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        return _compress
            ? Compression.AnswerAsync(context, request => CountAsync(request, matchedRoute, entrypoint))
            : CountAsync(context, matchedRoute, entrypoint);
    }

    private async Task CountAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint)
    {
        var start = Stopwatch.GetTimestamp();
        var span = RequestTrace.IsOn ? RequestTrace.Begin(context, _module, matchedRoute) : null;
        var end = new RequestEnd(RequestOutcome.Failed);
        try
        {
            end = await AnswerAsync(context, matchedRoute, entrypoint ?? _entrypoint, start);
        }
        catch (Exception exception) when (BadRequestOf(exception, context) is { } bad)
        {
            // Answered by whoever calls; here it is only counted.
            end = new RequestEnd(RequestOutcome.BadRequest, Reason: bad.Message);
            context.Response.StatusCode = context.Response.HasStarted ? context.Response.StatusCode : bad.StatusCode;
            throw bad;
        }
        catch (Exception exception) when (exception is BadHttpRequestException or IOException or OperationCanceledException)
        {
            end = new RequestEnd(RequestOutcome.Cancelled);
            throw;
        }
        finally
        {
            var status = end.Outcome == RequestOutcome.Cancelled ? 0 : context.Response.StatusCode;
            var duration = end.Answered == 0 ? Stopwatch.GetElapsedTime(start) : Stopwatch.GetElapsedTime(start, end.Answered);
            _metrics.Record(end.Outcome, status, duration, end.Parts);
            RequestLog?.Add(context, end, status, duration);
            if (span is not null)
            {
                RequestTrace.End(span, end, status, duration);
            }
        }
    }

    /// <summary>What of the protocol the client broke; null: nothing, or it has gone.</summary>
    private static BadHttpRequestException? BadRequestOf(Exception exception, HttpContext context) => exception switch
    {
        BadHttpRequestException bad when !context.RequestAborted.IsCancellationRequested => bad,

        // Kestrel's word for a chunk of more bytes than it can count.
        IOException { InnerException: OverflowException } => new BadHttpRequestException(exception.Message, StatusCodes.Status400BadRequest, exception),
        _ => null,
    };

    /// <summary>Takes the body and a place to run in, and runs the guest.</summary>
    private async ValueTask<RequestEnd> AnswerAsync(HttpContext context, RoutePattern route, string? entrypoint, long start)
    {
        // Whoever cannot be served is told before the body is waited for.
        if (_rateLimit is { } limit && !limit.TryTake(out var wait))
        {
            return await RefuseAsync(context, wait) with { Parts = RequestParts.WithoutRun(start, start) };
        }

        if (_gate.IsFull)
        {
            return await RefuseAsync(context) with { Parts = RequestParts.WithoutRun(start, start) };
        }

        var body = await RequestBody.ReadAsync(context, _bodies, _bodyTerms);
        using var bytes = body.Bytes;
        var received = body.IsNone ? start : Stopwatch.GetTimestamp();
        if (body.Refusal is { } refusal)
        {
            return await RefuseBodyAsync(context, refusal) with { Parts = RequestParts.WithoutRun(start, received) };
        }

        try
        {
            if (!await EnterAsync(context))
            {
                return await RefuseAsync(context) with { Parts = RequestParts.WithoutRun(start, received) };
            }

            var starts = _guest.Engine.Starts;
            if (starts.IsBusyHere())
            {
                if (_guest.IsShort)
                {
                    starts.Pass(_tenant);
                }
                else
                {
                    await starts.WaitAsync(_tenant);
                }
            }

            var (end, times) = await RunAsync(context, route, entrypoint, body);
            return end with { Parts = RequestParts.Of(start, received, times) };
        }
        finally
        {
            if (body.Arriving is { } arriving)
            {
                await arriving.EndAsync();
            }
        }
    }

    /// <summary>
    /// Whether a guest may begin before its body is whole. It keeps its place while its client sends, and so may those of one half of the
    /// places: clients that send and then wait do not get the others.
    /// </summary>
    private bool MayArrive() => _gate.IsHalfFree && _guest.Engine.Slots.IsHalfFree;

    /// <summary>Takes a place of the module's and one of the process's; false: there are none, and too many wait already or have for too long.</summary>
    private async ValueTask<bool> EnterAsync(HttpContext context)
    {
        if (!_gate.TryEnter() && !await _gate.EnterAsync(_tenant, _defaults.QueueTimeout, context.RequestAborted))
        {
            return false;
        }

        var slots = _guest.Engine.Slots;
        var hasEntered = false;
        try
        {
            hasEntered = slots.TryEnter() || await slots.EnterAsync(_tenant, _defaults.QueueTimeout, context.RequestAborted);
            return hasEntered;
        }
        finally
        {
            if (!hasEntered)
            {
                _gate.Leave();
            }
        }
    }

    private void Leave()
    {
        _guest.Engine.Slots.Leave();
        _gate.Leave();
    }

    private async ValueTask<RequestEnd> RefuseBodyAsync(HttpContext context, RequestOutcome refusal)
    {
        var verdict = Verdict.OfBody(refusal, _defaults.MaxRequestBody);
        if (refusal == RequestOutcome.NoRoomForBody)
        {
            LogNoRoom(_module, context.TraceIdentifier, _bodies.Memory.Taken, _bodies.Disk.Taken);
        }
        else
        {
            LogRefusedBody(_module, context.TraceIdentifier, verdict.Text);
        }

        await ErrorResponse.WriteAsync(context, verdict.Status, verdict.Text);
        return new RequestEnd(refusal, Reason: verdict.Text);
    }

    private async ValueTask<RequestEnd> RefuseAsync(HttpContext context)
    {
        const string Reason = "too many requests at the same time";
        LogSaturated(_module, context.TraceIdentifier);
        await ErrorResponse.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, Reason);
        return new RequestEnd(RequestOutcome.Saturated, Reason: Reason);
    }

    /// <summary>Without a line of its own in the log: the module's owner has asked for it, and there may be many.</summary>
    private static async ValueTask<RequestEnd> RefuseAsync(HttpContext context, TimeSpan wait)
    {
        const string Reason = "too many requests";
        await ErrorResponse.WriteAsync(context, StatusCodes.Status429TooManyRequests, Reason, wait);
        return new RequestEnd(RequestOutcome.RateLimited, Reason: Reason);
    }

    /// <summary>Runs the guest in the place that was taken, gives the place back, and then concludes, however slowly the client reads.</summary>
    private async ValueTask<(RequestEnd End, RunTimes Times)> RunAsync(HttpContext context, RoutePattern route, string? entrypoint, RequestBody body)
    {
        using var run = RequestRun.Take();
        GuestResult result;
        try
        {
            run.Output.Begin(context, _bodies, _defaults.MaxHeaderBlock);
            run.Log.Begin(_stderr, context, _module, _defaults.MaxStderr, _lineBudget);
            Prepare(run, context, route, body);
            result = _guest.RunInSlot(run.Guest, entrypoint);
            _metrics.RecordMemory(run.Guest.MemoryBytes);
        }
        finally
        {
            Leave();
        }

        // A client may want to send all of its body before it reads anything of the answer.
        var rest = body.Arriving?.DropAsync();
        if (rest is null)
        {
            body.Bytes?.Dispose();
        }

        try
        {
            if (result.Outcome == GuestOutcome.InputBroken)
            {
                body.Arriving!.ThrowIfBroken();
            }

            var answered = 0L;
            var (outcome, reason) = await ConcludeAsync(context, run, result, body.Arriving?.Refusal);
            if (rest is not null && !HttpProtocol.IsHttp2(context.Request.Protocol))
            {
                // In HTTP/2 the stream ends here, and its client knows (RFC 9113 §8.1).
                await context.Response.CompleteAsync();
                answered = Stopwatch.GetTimestamp();
                await rest;
            }

            return (new RequestEnd(outcome, run.Output.BodyLength, reason, Answered: answered), run.Guest.Times);
        }
        finally
        {
            await run.Output.DropAsync();
        }
    }

    private void Prepare(RequestRun request, HttpContext context, RoutePattern route, in RequestBody body)
    {
        var run = request.Guest;
        if (_guest.SpeaksHttp)
        {
            request.Exchange.Begin(context, route, _fields);
            run.Exchange = request.Exchange;
            run.Environment.Add(_configured);
        }
        else
        {
            var target = RequestTarget.Of(context, route);
            _arguments.Write(run.Arguments, target.RawPath, route.Path, target.Query);
            _variables.Write(run.Environment, context, target, route, body.Length);
        }

        run.Configuration = _configured;
        run.Stdin = body.Input;
        run.Files = _files;
        run.Tenant = _tenant;
        run.Timeout = _timeout;
        run.MemoryLimit = _memoryLimit;
        _outbound.Grant(run);
    }

    private async ValueTask<(RequestOutcome Outcome, string? Reason)> ConcludeAsync(HttpContext context, RequestRun run, GuestResult result, RequestOutcome? bodyRefusal)
    {
        var output = run.Output;

        // Looking at RequestAborted makes the server allocate: only where it matters.
        var isClientGone = result.Outcome == GuestOutcome.OutputRefused && context.RequestAborted.IsCancellationRequested;
        var verdict = result.Outcome == GuestOutcome.InputBroken && bodyRefusal is { } refusal
            ? Verdict.OfBody(refusal, _defaults.MaxRequestBody)
            : Verdict.Of(result.Outcome, output.HasHead, output.Malformed is not null, isClientGone);
        var reason = Report(context, run, result, verdict);
        if (verdict.IsAnswered && !await output.CompleteAsync())
        {
            verdict = Verdict.Malformed;
            reason = output.Malformed!;
            LogMalformed(_module, context.TraceIdentifier, reason);
        }

        if (verdict.IsAnswered && !await output.WaitForClientAsync(_defaults.ClientTimeout))
        {
            verdict = context.RequestAborted.IsCancellationRequested ? new Verdict(RequestOutcome.Cancelled) : Verdict.TooSlow;
        }

        if (verdict.Status == 0)
        {
            return (verdict.Outcome, reason);
        }

        // Once the header block is accepted, an answer that breaks off must not look whole: the connection goes. One that turns out to be
        // no answer can still be replaced while nothing of it has been sent.
        if (context.Response.HasStarted || (output.HasHead && verdict.Outcome != RequestOutcome.MalformedResponse))
        {
            context.Abort();
        }
        else
        {
            await ErrorResponse.WriteAsync(context, verdict.Status, verdict.Text);
        }

        return (verdict.Outcome, reason ?? verdict.Text);
    }

    /// <summary>Tells the module's owner what was wrong: the log, and, in short, whoever is given the reason.</summary>
    private string? Report(HttpContext context, RequestRun run, GuestResult result, Verdict verdict)
    {
        switch (verdict.Outcome)
        {
            case RequestOutcome.Completed or RequestOutcome.Cancelled or RequestOutcome.ClientTooSlow:
                return null;
            case RequestOutcome.BodyTooLarge:
                LogRefusedBody(_module, context.TraceIdentifier, verdict.Text);
                return verdict.Text;
            case RequestOutcome.CompletedWithExitCode:
                LogExitCode(_module, context.TraceIdentifier, result.ExitCode);
                return $"exit code {result.ExitCode} after its answer";
            case RequestOutcome.DeadlineExceeded:
                LogDeadline(_module, context.TraceIdentifier, _timeout.TotalSeconds);
                return string.Create(CultureInfo.InvariantCulture, $"stopped after {_timeout.TotalSeconds} s, its timeout");
            case RequestOutcome.MalformedResponse:
                LogMalformed(_module, context.TraceIdentifier, run.Output.Malformed!);
                return run.Output.Malformed;
            case RequestOutcome.Failed when result.Outcome == GuestOutcome.NotStarted:
                LogNotStarted(_module, context.TraceIdentifier, result.Message);
                return result.Message;
            case RequestOutcome.Failed:
                LogOutputFailed(run.Guest.Failure, _module, context.TraceIdentifier);
                return run.Guest.Failure?.Message;
            case RequestOutcome.Exited:
                LogNoAnswer(_module, context.TraceIdentifier, result.ExitCode);
                return $"exit code {result.ExitCode} before it had answered";
            default:
                LogTrapped(_module, context.TraceIdentifier, result.Message);
                return result.Message;
        }
    }

    /// <summary>Unloads the module. No request is inside, and none may come.</summary>
    public void Dispose()
    {
        _rateLimit?.Dispose();
        _metrics.Dispose();
        _bodies.Dispose();
        _guest.Dispose();
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "{Module} {Request} trapped: {Reason}")]
    private partial void LogTrapped(string module, string request, string reason);

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning, Message = "{Module} {Request} was stopped after {Seconds} s, its timeout")]
    private partial void LogDeadline(string module, string request, double seconds);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "{Module} {Request} gave no valid answer: {Reason}")]
    private partial void LogMalformed(string module, string request, string reason);

    [LoggerMessage(EventId = 23, Level = LogLevel.Warning, Message = "{Module} {Request} ended with exit code {ExitCode} after its answer")]
    private partial void LogExitCode(string module, string request, int exitCode);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "{Module} {Request} was turned away: too many requests at the same time")]
    private partial void LogSaturated(string module, string request);

    [LoggerMessage(EventId = 25, Level = LogLevel.Error, Message = "{Module} {Request} could not be started: {Reason}")]
    private partial void LogNotStarted(string module, string request, string reason);

    [LoggerMessage(EventId = 26, Level = LogLevel.Error, Message = "{Module} {Request}: the answer could not be sent")]
    private partial void LogOutputFailed(Exception? exception, string module, string request);

    [LoggerMessage(EventId = 27, Level = LogLevel.Warning, Message = "{Module} {Request} was turned away: there is no room for its body; the module's bodies have {Memory} bytes of memory and {Disk} of disk")]
    private partial void LogNoRoom(string module, string request, long memory, long disk);

    [LoggerMessage(EventId = 19, Level = LogLevel.Warning, Message = "{Module} {Request} ended with exit code {ExitCode} before it had answered")]
    private partial void LogNoAnswer(string module, string request, int exitCode);

    [LoggerMessage(EventId = 29, Level = LogLevel.Information, Message = "{Module} {Request} was turned away: {Reason}")]
    private partial void LogRefusedBody(string module, string request, string reason);

    [LoggerMessage(EventId = 28, Level = LogLevel.Warning, Message = "{Module} asks for {Concurrency} requests at a time and gets {Places}, one module's share of the {All} of the process")]
    private partial void LogShare(string module, int concurrency, int places, int all);
}
