using System.Collections.Immutable;
using System.CommandLine;
using System.Text;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Commands;

/// <summary>The options of <c>wagi run</c> that make a request of it. The short ones are curl's.</summary>
internal sealed class RequestArguments
{
    private readonly Option<string?> _path = new("--path")
    {
        Description = "Path of a request to answer, percent-encoded, perhaps with a query. Default: /",
        HelpName = "PATH",
    };

    private readonly Option<string?> _method = new("--method", "-X")
    {
        Description = "Its method. Default: GET, or POST with a body.",
        HelpName = "METHOD",
    };

    private readonly Option<string?> _query = new("--query")
    {
        Description = "Its query, without the question mark.",
        HelpName = "QUERY",
    };

    private readonly Option<string[]> _header = new("--header", "-H")
    {
        Description = "A header of it; may be repeated.",
        HelpName = "'NAME: VALUE'",
    };

    private readonly Option<string?> _body = new("--body", "-d")
    {
        Description = "Its body: the text itself, @FILE, or - or @- for standard input.",
        HelpName = "TEXT",
    };

    private readonly Option<bool> _include = new("--include", "-i")
    {
        Description = "Print status line and headers before the body.",
    };

    private readonly Option<string?> _replay = new("--replay")
    {
        Description = "A request in a file, or - for standard input, as HTTP/1.1 writes it; the other options change it.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _record = new("--record")
    {
        Description = "Write the request into a file, for --replay, without Authorization, Proxy-Authorization and Cookie.",
        HelpName = "FILE",
    };

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_path, _method, _query, _header, _body, _include, _replay, _record];

    /// <summary>The request; null: none is asked for.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="stdin">Standard input, for a request that comes from there.</param>
    /// <exception cref="UsageException">It is not one.</exception>
    public RunRequest? Read(ParseResult arguments, Stream stdin)
    {
        if (Options.All(option => arguments.GetResult(option) is null or { Implicit: true }))
        {
            return null;
        }

        var body = arguments.GetValue(_body);
        CheckFiles(arguments, body);
        var replayed = arguments.GetValue(_replay) is { } file ? RequestFile.Read(file, stdin) : null;
        var path = arguments.GetValue(_path) ?? replayed?.Target ?? "/";
        if (!path.StartsWith('/'))
        {
            throw new UsageException($"{_path.Name} '{path}' does not begin with a slash");
        }

        var query = arguments.GetValue(_query);
        var method = arguments.GetValue(_method) ?? replayed?.Method ?? (body is null ? "GET" : "POST");
        ImmutableArray<KeyValuePair<string, string>> headers = [.. (arguments.GetValue(_header) ?? []).Select(ReadHeader)];
        return new RunRequest
        {
            Method = OwnRequest.IsMethod(method)
                ? method
                : throw new UsageException($"{_method.Name} '{method}' is not a method such as GET or POST"),
            Target = OwnRequest.Encode(query is null ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}"),
            Headers = [.. (replayed?.Headers ?? []).Where(header => !headers.Any(other => IsSame(header, other))), .. headers],
            Body = body,
            ReplayedBody = replayed?.Body,
            IncludesHead = arguments.GetValue(_include),
            RecordPath = arguments.GetValue(_record),
        };
    }

    private static bool IsSame(KeyValuePair<string, string> header, KeyValuePair<string, string> other) =>
        header.Key.Equals(other.Key, StringComparison.OrdinalIgnoreCase);

    /// <summary>What no file can be called, and the streams that are needed otherwise.</summary>
    private void CheckFiles(ParseResult arguments, string? body)
    {
        var empty = arguments.GetValue(_replay) is "" ? $"{_replay.Name} ''"
            : arguments.GetValue(_record) is "" ? $"{_record.Name} ''"
            : body is "@" ? $"{_body.Name} '{body}'"
            : null;
        if (empty is not null)
        {
            throw new UsageException($"{empty} names no file");
        }

        if (arguments.GetValue(_record) is RequestFile.Standard)
        {
            throw new UsageException($"{_record.Name} -: stdout is for the answer; name a file");
        }

        if (arguments.GetValue(_replay) is RequestFile.Standard && RunRequest.IsStandard(body))
        {
            throw new UsageException($"{_replay.Name} - and {_body.Name} {body} both read stdin; one of them needs a file");
        }
    }

    private KeyValuePair<string, string> ReadHeader(string text) =>
        OwnRequest.ReadHeader(text, out var error) ?? throw new UsageException($"{_header.Name} '{text}' {error}");
}

/// <summary>A request that <c>wagi run</c> answers, checked.</summary>
internal sealed record RunRequest
{
    /// <summary>Its method.</summary>
    public required string Method { get; init; }

    /// <summary>Path and query, percent-encoded.</summary>
    public required string Target { get; init; }

    /// <summary>Its headers, in their order.</summary>
    public required ImmutableArray<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>Its body as the user wrote it; null: it is <see cref="ReplayedBody"/>.</summary>
    public required string? Body { get; init; }

    /// <summary>The body in the file that is replayed; null: there is none.</summary>
    public required byte[]? ReplayedBody { get; init; }

    /// <summary>Whether status and headers of the answer are printed, too.</summary>
    public required bool IncludesHead { get; init; }

    /// <summary>Where to write it down; null: nowhere.</summary>
    public required string? RecordPath { get; init; }

    /// <summary>The request with the bytes of its body.</summary>
    /// <param name="stdin">What the body is read from if it is <c>-</c>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The file cannot be read; the message is for the user.</exception>
    /// <exception cref="UsageException">The body is not as long as a header says.</exception>
    public async Task<OwnRequest> CompleteAsync(Stream stdin, CancellationToken cancellationToken)
    {
        var request = new OwnRequest { Method = Method, Target = Target, Headers = Headers, Body = await ReadBodyAsync(stdin, cancellationToken) };
        return request.LengthObjection is { } objection ? throw new UsageException($"--header: {objection}") : request;
    }

    /// <summary>Whether a body as the user wrote it stands for standard input.</summary>
    public static bool IsStandard(string? body) => body is "-" or "@-";

    /// <summary>The bytes of the body; null: there is none.</summary>
    /// <exception cref="IOException">The file cannot be read; the message is for the user.</exception>
    private async Task<byte[]?> ReadBodyAsync(Stream stdin, CancellationToken cancellationToken)
    {
        switch (Body)
        {
            case null:
                return ReplayedBody;
            case var body when IsStandard(body):
                using (var bytes = new MemoryStream())
                {
                    await stdin.CopyToAsync(bytes, cancellationToken);
                    return bytes.ToArray();
                }

            case ['@', .. var file]:
                try
                {
                    return await File.ReadAllBytesAsync(file, cancellationToken);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw new IOException($"--body '{Body}' cannot be read: {exception.Message}", exception);
                }

            default:
                return Encoding.UTF8.GetBytes(Body);
        }
    }
}
