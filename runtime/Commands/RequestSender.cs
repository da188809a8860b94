using System.Collections.Immutable;
using System.CommandLine;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Loading;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Serving;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Commands;

/// <summary>
/// Answers one request as <c>wagi serve</c> would: by the same server, on a free port of this machine for as long as it takes, so that
/// what is printed is what a client sees.
/// </summary>
/// <param name="options">What is to be run.</param>
/// <param name="arguments">Where to say what went wrong.</param>
/// <param name="streams">Where the answer goes.</param>
internal sealed class RequestSender(RunOptions options, ParseResult arguments, StandardStreams streams)
{
    private const string BreaksOff = "the answer breaks off, as it does for a client";

    private readonly OutcomeNote _outcome = new();

    /// <summary>Sends a request, prints the answer, and gives back the program's exit code.</summary>
    /// <exception cref="UsageException">What is to be run has mistakes.</exception>
    /// <exception cref="GuestLoadException">The module cannot be run.</exception>
    /// <exception cref="ModuleSourceException">The module is not available.</exception>
    /// <exception cref="IOException">The body cannot be read, or the answer cannot be written.</exception>
    public async Task<int> SendAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var sent = await request.CompleteAsync(streams.Input, cancellationToken);
        if (request.RecordPath is { } file && await RequestFile.WriteAsync(file, sent, cancellationToken) is { IsEmpty: false } left)
        {
            await arguments.InvocationConfiguration.Error.WriteLineAsync(
                $"{file}: without {string.Join(" and ", left)}, which should not be passed on; --header adds {(left.Length == 1 ? "it" : "them")} again when you replay the request");
        }

        using var loggers = new LineLoggers(arguments.InvocationConfiguration.Error);
        using var progress = ProgressDisplay.ForCommand(arguments);
        using var loading = new LoaderScope(Loader(), progress, loggers, _ => _outcome);
        var modules = await LoadAsync(loading.Loader, cancellationToken);
        try
        {
            var routes = RoutePlan.Make(modules, coming: [], leaving: []).Table;
            var dispatcher = new RequestDispatcher(() => routes, loading.Metrics, isLocal: true);
            await using var server = KestrelApplication.CreateBuilder(new IPEndPoint(IPAddress.Loopback, 0), loggers).Build();
            server.Run(new ClientFaults(dispatcher.InvokeAsync, loggers.CreateLogger(typeof(ClientFaults).FullName!)).InvokeAsync);
            await server.StartAsync(cancellationToken);
            var (status, failure) = await ExchangeAsync(sent, request.IncludesHead, new Uri(KestrelApplication.AddressOf(server)), cancellationToken);

            // The module may have something to do when the answer is there already.
            await server.StopAsync(cancellationToken);
            return failure is null ? ExitCodeOf(status) : await FailAsync(failure);
        }
        finally
        {
            foreach (var module in modules)
            {
                module.Release();
            }
        }
    }

    private LoaderOptions Loader() => options.Loader with
    {
        Engine = new GuestEngineOptions { MaxInstances = Environment.ProcessorCount },
        Defaults = new HandlerDefaults { Timeout = options.Timeout, MemoryLimit = options.MemoryLimit },
    };

    /// <summary>What is broken among several is told, and the others can answer.</summary>
    private async Task<ImmutableArray<ServedModule>> LoadAsync(ModuleLoader loader, CancellationToken cancellationToken)
    {
        var origin = options.Origin;
        var toml = origin.ConfigurationPath is { } path ? await File.ReadAllTextAsync(path, Encoding.UTF8, cancellationToken) : "";
        var file = origin.Read(toml, origin.Name);
        foreach (var problem in file.Problems)
        {
            await ProblemPrinter.PrintAsync(arguments, problem);
        }

        var modules = ImmutableArray.CreateBuilder<ServedModule>();
        foreach (var entry in file.Entries)
        {
            try
            {
                modules.Add(await loader.LoadAsync(Overridden(entry), secrets: null, cancellationToken));
            }
            catch (Exception exception) when (origin.Module is null && exception is GuestLoadException or ModuleSourceException)
            {
                var problem = new Problem(entry.Location, ProblemSeverity.Error, $"module '{entry.Id}': {exception.Message}");
                await ProblemPrinter.PrintAsync(arguments, problem);
            }
        }

        return modules.ToImmutable();
    }

    /// <summary>The command line says more than the entry.</summary>
    private ModuleEntry Overridden(ModuleEntry entry) => entry with
    {
        Entrypoint = options.Entrypoint ?? entry.Entrypoint,
        Environment = entry.Environment.SetItems(options.Environment),
        Volumes = [.. entry.Volumes, .. options.Volumes ?? []],
        AllowedHosts = [.. entry.AllowedHosts, .. options.AllowedHosts],
        Timeout = options.HasTimeout ? options.Timeout : entry.Timeout,
        MemoryLimit = options.HasMemoryLimit ? options.MemoryLimit : entry.MemoryLimit,
    };

    /// <returns>The status, and what kept the answer from being whole; null: nothing did.</returns>
    private async Task<(int Status, string? Failure)> ExchangeAsync(OwnRequest request, bool includesHead, Uri server, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage(server);
        using var client = OwnRequest.CreateClient();
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            return (0, $"{BreaksOff}: {exception.GetBaseException().Message}");
        }

        using (response)
        {
            if (includesHead)
            {
                await WriteAsync(Encoding.Latin1.GetBytes(HeadOf(response)), cancellationToken);
            }

            var isWhole = await CopyAsync(await response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);
            return ((int)response.StatusCode, isWhole ? null : BreaksOff);
        }
    }

    /// <summary>Each part as it comes: an answer may be a stream of events. False: it broke off.</summary>
    private async Task<bool> CopyAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 << 10];
        while (true)
        {
            int count;
            try
            {
                count = await body.ReadAsync(buffer, cancellationToken);
            }
            catch (IOException)
            {
                return false;
            }

            if (count == 0)
            {
                return true;
            }

            await WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await streams.Output.WriteAsync(bytes, cancellationToken);
            await streams.Output.FlushAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new IOException($"stdout cannot be written to: {exception.Message}", exception);
        }
    }

    private static string HeadOf(HttpResponseMessage response)
    {
        var head = new StringBuilder($"HTTP/{response.Version} {(int)response.StatusCode} {response.ReasonPhrase}".TrimEnd()).Append('\n');
        foreach (var (name, value) in OutboundClient.HeadersOf(response))
        {
            head.Append(name).Append(": ").Append(value).Append('\n');
        }

        return head.Append('\n').ToString();
    }

    private int ExitCodeOf(int status) => _outcome.Last switch
    {
        RequestOutcome.Completed => ExitCodes.Success,
        RequestOutcome.DeadlineExceeded => RunCommand.TimedOut,
        RequestOutcome.Trapped or RequestOutcome.Exited => RunCommand.Trapped,
        null when status < StatusCodes.Status400BadRequest => ExitCodes.Success, // the server's own
        _ => ExitCodes.Failure,
    };

    private async Task<int> FailAsync(string failure)
    {
        await ExitCodes.FailAsync(arguments, failure);
        var code = ExitCodeOf(StatusCodes.Status500InternalServerError);
        return code == ExitCodes.Success ? ExitCodes.Failure : code;
    }

    /// <summary>Remembers what became of the one request.</summary>
    private sealed class OutcomeNote : IRequestLog
    {
        public RequestOutcome? Last { get; private set; }

        public void Add(HttpContext context, RequestEnd end, int status, TimeSpan duration) => Last = end.Outcome;
    }

    /// <summary>What there is to say about the request and the module's answer; of what else the server logs, only what is wrong.</summary>
    private sealed class LineLoggers(TextWriter output) : ILoggerFactory
    {
        /// <summary>Where the server says which requests it refuses itself, with no more than a status.</summary>
        private const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

        private static readonly string[] OfTheRequest = [typeof(ModuleHandler).FullName!, typeof(ClientFaults).FullName!];

        private readonly TextWriter _output = TextWriter.Synchronized(output);

        public ILogger CreateLogger(string categoryName) => categoryName == BadRequests
            ? new RefusalLogger(_output)
            : new LineLogger(_output, OfTheRequest.Contains(categoryName) ? LogLevel.Information : LogLevel.Warning);

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
            // The writer is the command's.
        }
    }

    /// <summary>Prints why the server refuses a request before a module sees it.</summary>
    private sealed class RefusalLogger(TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is BadHttpRequestException refusal)
            {
                // What it quotes of a request is left out below a level of its log that nobody here wants.
                var reason = refusal.Message.TrimEnd('.').Replace(": ''", "", StringComparison.Ordinal);
                output.WriteLine($"{refusal.StatusCode}, the request is not valid: {reason}");
            }
        }
    }
}
