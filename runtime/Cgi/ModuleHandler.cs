using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.ObjectPool;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;

namespace Wagi.Runtime.Cgi;

/// <summary>What a route leads to: answers the requests of one entry, each with a fresh instance of its guest.</summary>
public sealed partial class ModuleHandler : IModuleHandler
{
    private const int LogLinesPerSecond = 500;

    private static readonly DefaultObjectPool<RequestRun> Runs =
        new(new DefaultPooledObjectPolicy<RequestRun>(), Math.Max(16, Environment.ProcessorCount * 4));

    private readonly Guest _guest;
    private readonly GuestFiles? _files;
    private readonly string _module;
    private readonly string? _entrypoint;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly MetaVariables _variables;
    private readonly ArgumentTemplate _arguments;
    private readonly HandlerDefaults _defaults;
    private readonly TimeSpan _timeout;
    private readonly long _memoryLimit;
    private readonly ConcurrencyGate _gate;
    private readonly HandlerMetrics _metrics;
    private readonly LineBudget _lineBudget;
    private readonly IGuestLines _stderr;
    private readonly OutboundAccess _outbound;
    private readonly ILogger _logger;

    /// <summary>Creates a handler.</summary>
    /// <param name="entry">
    /// The entry; its limits go before those of <paramref name="defaults"/>, and the host paths of its volumes are absolute.
    /// </param>
    /// <param name="environment">Its environment: configured values and secrets, merged. Never overrides a meta-variable.</param>
    /// <param name="guest">Its module, which the handler owns from here on; <see cref="Guest.Check"/> has accepted it.</param>
    /// <param name="defaults">What the entry leaves open.</param>
    /// <param name="outbound">Sends the HTTP requests of guests; stays the caller's.</param>
    /// <param name="logger">Where failures go.</param>
    /// <param name="metrics">The process's instruments.</param>
    /// <param name="stderr">Where the guest's stderr goes; null: <paramref name="logger"/>.</param>
    /// <param name="time">For the rate of stderr lines; null: the system's.</param>
    public ModuleHandler(
        ModuleEntry entry, IReadOnlyDictionary<string, string> environment, Guest guest, HandlerDefaults defaults,
        OutboundClient outbound, ILogger logger, RequestMetrics metrics, IGuestLines? stderr = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(defaults);
        ArgumentNullException.ThrowIfNull(guest);
        _guest = guest;
        _files = entry.Volumes.IsEmpty ? null : new GuestFiles(guest.Engine, entry.Volumes);
        _module = entry.Id;
        _entrypoint = entry.Entrypoint;
        _environment = environment;
        _variables = new MetaVariables(environment, defaults.DefaultHost);
        _arguments = new ArgumentTemplate(entry.Argv);
        _defaults = defaults;
        _timeout = entry.Timeout ?? defaults.Timeout;
        _memoryLimit = entry.MemoryLimit ?? defaults.MemoryLimit;
        _gate = new ConcurrencyGate(entry.MaxConcurrency ?? defaults.MaxConcurrency, defaults.MaxQueue);
        _metrics = new HandlerMetrics(metrics, entry.Id, _gate);
        _lineBudget = new LineBudget(LogLinesPerSecond, time ?? TimeProvider.System);
        var limits = defaults.Outbound with { MaxConcurrency = entry.HttpMaxConcurrency ?? defaults.Outbound.MaxConcurrency };
        _outbound = new OutboundAccess(entry.Id, entry.AllowedHosts, outbound, limits, metrics, _lineBudget, logger);
        _stderr = stderr ?? new LoggedGuestLines(logger);
        _logger = logger;
    }

    /// <summary>Requests whose guest runs, or is about to.</summary>
    public int Running => _gate.Inside;

    /// <summary>
    /// Asks the module for its routes; empty when it does not export <c>_routes()</c>. It sees what it sees in a request, but for the
    /// request itself, and has the time of <see cref="HandlerDefaults.Timeout"/>.
    /// </summary>
    /// <exception cref="GuestLoadException">As <see cref="SubRoutes.Read"/>.</exception>
    public ImmutableArray<SubRoute> ReadSubRoutes()
    {
        var process = new GuestRun
        {
            Files = _files,
            Outbound = _outbound,
            Timeout = _defaults.Timeout,
            MemoryLimit = _memoryLimit,
        };
        foreach (var (name, value) in _environment)
        {
            process.Environment.Add($"{name}={value}");
        }

        return SubRoutes.Read(_guest, process);
    }

    /// <summary>Answers one request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="matchedRoute">The route that it matched.</param>
    /// <param name="entrypoint">The function to call, for a sub-route; null: the entry's own.</param>
    public async Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        var start = Stopwatch.GetTimestamp();
        var outcome = RequestOutcome.Failed;
        try
        {
            outcome = await AnswerAsync(context, matchedRoute, entrypoint ?? _entrypoint);
        }
        catch (Exception exception) when (exception is BadHttpRequestException or IOException or OperationCanceledException)
        {
            // The server knows what to do with a client that breaks the protocol or goes away.
            outcome = RequestOutcome.Cancelled;
            throw;
        }
        finally
        {
            var status = outcome == RequestOutcome.Cancelled ? 0 : context.Response.StatusCode;
            _metrics.Record(outcome, status, Stopwatch.GetElapsedTime(start));
        }
    }

    private async ValueTask<RequestOutcome> AnswerAsync(HttpContext context, RoutePattern route, string? entrypoint)
    {
        // Whoever cannot be served is told before the body is waited for.
        if (_gate.IsFull)
        {
            return await RefuseAsync(context);
        }

        using var body = await RequestBody.ReadAsync(context, _defaults.MaxRequestBody);
        if (body.IsTooLarge)
        {
            await ErrorResponse.WriteAsync(
                context, StatusCodes.Status413PayloadTooLarge, $"the request body is larger than {_defaults.MaxRequestBody} bytes");
            return RequestOutcome.BodyTooLarge;
        }

        if (!_gate.TryEnter() && !await _gate.EnterAsync(_defaults.QueueTimeout, context.RequestAborted))
        {
            return await RefuseAsync(context);
        }

        try
        {
            var slots = _guest.Slots;
            if (!slots.TryEnter() && !await slots.EnterAsync(_defaults.QueueTimeout, context.RequestAborted))
            {
                return await RefuseAsync(context);
            }

            try
            {
                return await RunAsync(context, route, entrypoint, body.Bytes);
            }
            finally
            {
                slots.Leave();
            }
        }
        finally
        {
            _gate.Leave();
        }
    }

    private async ValueTask<RequestOutcome> RefuseAsync(HttpContext context)
    {
        LogSaturated(_module, context.TraceIdentifier);
        await ErrorResponse.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "too many requests at the same time");
        return RequestOutcome.Saturated;
    }

    private async ValueTask<RequestOutcome> RunAsync(
        HttpContext context, RoutePattern route, string? entrypoint, ReadOnlyMemory<byte> body)
    {
        var run = Runs.Get();
        run.Output.Begin(context, _defaults.MaxHeaderBlock);
        run.Log.Begin(_stderr, context, _module, _defaults.MaxStderr, _lineBudget);
        try
        {
            Prepare(run, context, route, body);
            var result = _guest.RunInSlot(run.Process, entrypoint);
            return await ConcludeAsync(context, run, result);
        }
        finally
        {
            run.Log.End();
            run.Output.End();
            run.Process.Reset();
            Runs.Return(run);
        }
    }

    private void Prepare(RequestRun run, HttpContext context, RoutePattern route, ReadOnlyMemory<byte> body)
    {
        var process = run.Process;
        var target = RequestTarget.Of(context, route);
        _arguments.Write(process.Arguments, target.RawPath, route.Path, target.Query);
        _variables.Write(process.Environment, context, target, route, body.Length);
        process.Stdin = body;
        process.Stdout = run.Output;
        process.Stderr = run.Log;
        process.Files = _files;
        process.Outbound = _outbound;
        process.Timeout = _timeout;
        process.MemoryLimit = _memoryLimit;
    }

    private async ValueTask<RequestOutcome> ConcludeAsync(HttpContext context, RequestRun run, GuestResult result)
    {
        var output = run.Output;
        switch (result.Outcome)
        {
            case GuestOutcome.Completed:
                return await output.CompleteAsync() ? RequestOutcome.Completed : await MalformedAsync(context, output);

            case GuestOutcome.Failed when output.HasHead:
                // As CGI servers do: an answer that is there counts, the exit code is for the log.
                LogExitCode(_module, context.TraceIdentifier, result.ExitCode);
                return await output.CompleteAsync() ? RequestOutcome.CompletedWithExitCode : await MalformedAsync(context, output);

            case GuestOutcome.DeadlineExceeded:
                LogDeadline(_module, context.TraceIdentifier, _timeout.TotalSeconds);
                await FailAsync(context, output, StatusCodes.Status504GatewayTimeout, "the handler did not answer in time");
                return RequestOutcome.DeadlineExceeded;

            case GuestOutcome.Cancelled:
                return RequestOutcome.Cancelled;

            case GuestOutcome.OutputRefused when output.Malformed is not null:
                return await MalformedAsync(context, output);

            case GuestOutcome.OutputRefused when context.RequestAborted.IsCancellationRequested:
                return RequestOutcome.Cancelled;

            case GuestOutcome.OutputRefused:
                LogOutputFailed(run.Process.Failure, _module, context.TraceIdentifier);
                await FailAsync(context, output, StatusCodes.Status500InternalServerError, "the answer could not be sent");
                return RequestOutcome.Failed;

            case GuestOutcome.NotStarted:
                LogNotStarted(_module, context.TraceIdentifier, result.Message);
                await FailAsync(context, output, StatusCodes.Status500InternalServerError, "the handler could not be started");
                return RequestOutcome.Failed;

            default:
                LogTrapped(_module, context.TraceIdentifier, result.Message);
                await FailAsync(context, output, StatusCodes.Status500InternalServerError, "the handler failed");
                return RequestOutcome.Trapped;
        }
    }

    private async ValueTask<RequestOutcome> MalformedAsync(HttpContext context, ResponseOutput output)
    {
        LogMalformed(_module, context.TraceIdentifier, output.Malformed!);
        if (context.Response.HasStarted)
        {
            context.Abort();
        }
        else
        {
            await ErrorResponse.WriteAsync(context, StatusCodes.Status502BadGateway, "the handler's answer is not valid");
        }

        return RequestOutcome.MalformedResponse;
    }

    /// <summary>Once the header block is there, an answer that breaks off must not look whole: the connection goes.</summary>
    private static async Task FailAsync(HttpContext context, ResponseOutput output, int status, string text)
    {
        if (output.HasHead || context.Response.HasStarted)
        {
            context.Abort();
        }
        else
        {
            await ErrorResponse.WriteAsync(context, status, text);
        }
    }

    /// <summary>Unloads the module; requests that have begun come to their end, and no other may come.</summary>
    public void Dispose()
    {
        _metrics.Dispose();
        _guest.Dispose();
    }
}
