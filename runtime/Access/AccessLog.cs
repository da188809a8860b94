using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Logs;

namespace Wagi.Runtime.Access;

/// <summary>
/// A line for each request that is worth one. Whoever can send requests must not be able to fill the log with it: each module has a number
/// of lines a second, and what no module answers has as many. A request that is not logged costs a comparison.
/// </summary>
/// <param name="options">Which requests are worth a line.</param>
/// <param name="time">For the rates.</param>
/// <param name="logger">Where the lines go.</param>
/// <param name="journal">Keeps the last requests for the console; null: there is none.</param>
internal sealed class AccessLog(AccessLogOptions options, TimeProvider time, ILogger logger, RequestJournal? journal = null)
{
    /// <summary>Logged for a request, with <c>Module</c>, <c>Method</c>, <c>Path</c>, <c>Status</c>, <c>Milliseconds</c> and <c>Outcome</c>.</summary>
    public const int RequestEvent = 62;

    /// <summary>The same of one that a module answered, with <c>Waiting</c> and the other parts of its time.</summary>
    public const int ModuleRequestEvent = 63;

    /// <summary>In place of the id of a module, where none answers.</summary>
    public const string NoModule = "-";

    private readonly RequestLines _unrouted = new(options, NoModule, time, logger, journal);

    /// <summary>For the requests of one module.</summary>
    public IRequestLog Of(string module) => new RequestLines(options, module, time, logger, journal);

    /// <summary>A request that no module answered.</summary>
    /// <param name="context">The request; the answer is complete.</param>
    /// <param name="start">When the answer began: a time stamp of <see cref="Stopwatch"/>.</param>
    public void AddUnrouted(HttpContext context, long start)
    {
        var status = context.Response.StatusCode;
        var outcome = status < StatusCodes.Status400BadRequest ? HandlerMetrics.NameOf(RequestOutcome.Completed) : RequestMetrics.NoRoute;
        _unrouted.Add(context.Features, outcome, status, bytes: 0, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>A request that the server refused before there was one to dispatch.</summary>
    /// <param name="request">What the server knows of it.</param>
    /// <param name="status">The status that it answers with.</param>
    public void AddRefused(IFeatureCollection request, int status) =>
        _unrouted.Add(request, HandlerMetrics.NameOf(RequestOutcome.BadRequest), status, bytes: 0, TimeSpan.Zero);
}

/// <summary>Which requests are worth a line in the log.</summary>
/// <param name="Mode">Which.</param>
/// <param name="Slow">From when on one is slow.</param>
internal sealed record AccessLogOptions(AccessLogMode Mode, TimeSpan Slow)
{
    /// <summary>Errors, and what takes a second.</summary>
    public static AccessLogOptions Default { get; } = new(AccessLogMode.Slow, TimeSpan.FromSeconds(1));

    /// <summary>Whether a request is worth a line.</summary>
    /// <param name="isAnswered">Whether it was answered as it should be, as far as its status does not say otherwise.</param>
    /// <param name="status">The status of its answer; 0 when nobody was there to receive one.</param>
    /// <param name="duration">How long it took.</param>
    public bool Includes(bool isAnswered, int status, TimeSpan duration) =>
        Mode == AccessLogMode.All
        || (Mode is AccessLogMode.Errors or AccessLogMode.Slow && (!isAnswered || status >= StatusCodes.Status400BadRequest))
        || (Mode is AccessLogMode.Slow or AccessLogMode.SlowOnly && duration >= Slow);
}

/// <summary>Which requests are worth a line.</summary>
internal enum AccessLogMode
{
    /// <summary>None.</summary>
    Off,

    /// <summary>Those with a status from 400 on, and those whose module failed.</summary>
    Errors,

    /// <summary>Those that took long.</summary>
    SlowOnly,

    /// <summary>Both.</summary>
    Slow,

    /// <summary>All.</summary>
    All,
}

/// <summary>The lines of one module's requests, or of those that no module answers.</summary>
internal sealed partial class RequestLines : IRequestLog
{
    // Who asks for all wants them; of errors a few tell what there is to know.
    private const int LinesPerSecond = 50;
    private const int LinesPerSecondOfAll = 1000;

    private const int MaxLength = 256;

    private const string NothingSaid = "-";

    private readonly AccessLogOptions _options;
    private readonly string _module;
    private readonly TimeProvider _time;
    private readonly BudgetedLogger _logger;
    private readonly RequestJournal? _journal;
    private readonly LineBudget _failures;

    public RequestLines(AccessLogOptions options, string module, TimeProvider time, ILogger logger, RequestJournal? journal)
    {
        _options = options;
        _module = module;
        _time = time;
        _journal = journal;
        _failures = new LineBudget(RequestJournal.FailuresPerSecond, time);
        _logger = new BudgetedLogger(logger, module, new LineBudget(options.Mode == AccessLogMode.All ? LinesPerSecondOfAll : LinesPerSecond, time));
    }

    public void Add(HttpContext context, RequestEnd end, int status, TimeSpan duration) => Add(
        context.Features, HandlerMetrics.NameOf(end.Outcome), status, end.Bytes, duration,
        end.Outcome is RequestOutcome.Completed or RequestOutcome.Cancelled, end.Outcome.IsFailure(), _module, end.Reason, end.Parts);

    /// <summary>A request that is not a module's.</summary>
    public void Add(IFeatureCollection request, string outcome, int status, long bytes, TimeSpan duration) =>
        Add(request, outcome, status, bytes, duration, isAnswered: true, isFailure: false, module: null, reason: null, parts: null);

    private void Add(
        IFeatureCollection request, string outcome, int status, long bytes, TimeSpan duration, bool isAnswered, bool isFailure, string? module, string? reason,
        RequestParts? parts)
    {
        var isLogged = _options.Includes(isAnswered, status, duration);
        var isKept = _journal?.Wants(isFailure) == true;
        if (!isLogged && !isKept)
        {
            return;
        }

        var entry = Describe(request, outcome, status, bytes, duration, module, reason) with { Parts = parts is { } known ? JournalParts.Of(known, duration) : null };
        if (isLogged)
        {
            Write(entry);
        }

        if (isKept)
        {
            _journal!.Add(isFailure, entry, _failures);
        }
    }

    private void Write(JournalEntry request)
    {
        if (request.Parts is { } parts)
        {
            LogRequest(
                _module, request.Id, request.Method, request.Path, request.Status, request.Bytes, request.Milliseconds,
                parts.Waiting, parts.Receiving, parts.Instance, parts.Guest, parts.Outbound, parts.Sending, request.Outcome);
        }
        else
        {
            LogRequest(_module, request.Id, request.Method, request.Path, request.Status, request.Bytes, request.Milliseconds, request.Outcome);
        }
    }

    private JournalEntry Describe(
        IFeatureCollection features, string outcome, int status, long bytes, TimeSpan duration, string? module, string? reason)
    {
        var request = features.Get<IHttpRequestFeature>();
        var target = request?.RawTarget ?? "";
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return new JournalEntry
        {
            Time = _time.GetUtcNow().ToUnixTimeMilliseconds(),
            Module = module,
            Id = features.Get<IHttpRequestIdentifierFeature>()?.TraceIdentifier ?? NothingSaid,
            Method = Printable(request?.Method ?? ""),
            Path = Printable(query < 0 ? target : target[..query]), // a query may hold what is nobody's business
            Status = status,
            Bytes = bytes > 0 ? bytes : OwnLength(features, request, module),
            Milliseconds = JournalParts.Milliseconds(duration),
            Outcome = outcome,
            Reason = Shortened(reason),
        };
    }

    /// <summary>What a guest writes may become a part of the reason.</summary>
    private static string? Shortened(string? reason) => reason is { Length: > MaxLength } ? string.Concat(reason.AsSpan(0, MaxLength), "…") : reason;

    /// <summary>Of the runtime's own answers; of a module's, without a body, it is 0.</summary>
    private static long OwnLength(IFeatureCollection features, IHttpRequestFeature? request, string? module) =>
        request is null || HttpMethods.IsHead(request.Method) || features.Get<IHttpResponseFeature>() is not { } response
            || (response.StatusCode < StatusCodes.Status400BadRequest && module is not null)
            ? 0
            : response.Headers.ContentLength ?? 0;

    /// <summary>A client must not be able to write to a terminal, or to make a line look like two. In JSON as in text.</summary>
    private static string Printable(string text)
    {
        if (text.Length is > 0 and <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return text;
        }

        if (text.Length == 0)
        {
            return NothingSaid;
        }

        var printable = text.Take(MaxLength).Select(
            character => character is > ' ' and < (char)0x7f ? character.ToString() : string.Create(CultureInfo.InvariantCulture, $"%{(int)character:X2}"));
        return string.Concat(printable) + (text.Length > MaxLength ? "…" : "");
    }

    [LoggerMessage(
        EventId = AccessLog.ModuleRequestEvent, Level = LogLevel.Information,
        Message = "{Module} {Request} {Method} {Path} {Status}, {Bytes} bytes, {Milliseconds} ms (waiting {Waiting}, receiving {Receiving}, "
            + "instance {Instance}, guest {Guest}, outbound {Outbound}, sending {Sending}), {Outcome}")]
    private partial void LogRequest(
        string module, string request, string method, string path, int status, long bytes, double milliseconds, double waiting, double receiving,
        double instance, double guest, double outbound, double sending, string outcome);

    [LoggerMessage(EventId = AccessLog.RequestEvent, Level = LogLevel.Information, Message = "{Module} {Request} {Method} {Path} {Status}, {Bytes} bytes, {Milliseconds} ms, {Outcome}")]
    private partial void LogRequest(string module, string request, string method, string path, int status, long bytes, double milliseconds, string outcome);
}
