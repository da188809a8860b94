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
        Description = "Its body: the text itself, @FILE, or - for standard input.",
        HelpName = "TEXT",
    };

    private readonly Option<bool> _include = new("--include", "-i")
    {
        Description = "Print status line and headers before the body.",
    };

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_path, _method, _query, _header, _body, _include];

    /// <summary>The request; null: none is asked for.</summary>
    /// <exception cref="UsageException">It is not one.</exception>
    public RunRequest? Read(ParseResult arguments)
    {
        if (Options.All(option => arguments.GetResult(option) is null or { Implicit: true }))
        {
            return null;
        }

        var path = arguments.GetValue(_path) ?? "/";
        if (path[..1] != "/")
        {
            throw new UsageException($"{_path.Name} '{path}' does not begin with a slash");
        }

        var query = arguments.GetValue(_query);
        var body = arguments.GetValue(_body);
        var method = arguments.GetValue(_method) ?? (body is null ? "GET" : "POST");
        return new RunRequest
        {
            Method = OwnRequest.IsMethod(method)
                ? method
                : throw new UsageException($"{_method.Name} '{method}' is not a method such as GET or POST"),
            Target = OwnRequest.Encode(query is null ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}"),
            Headers = [.. (arguments.GetValue(_header) ?? []).Select(ReadHeader)],
            Body = body,
            IncludesHead = arguments.GetValue(_include),
        };
    }

    private KeyValuePair<string, string> ReadHeader(string text) =>
        OwnRequest.ReadHeader(text) ?? throw new UsageException($"{_header.Name} '{text}' is not 'NAME: VALUE'");
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

    /// <summary>Its body as the user wrote it; null: there is none.</summary>
    public required string? Body { get; init; }

    /// <summary>Whether status and headers of the answer are printed, too.</summary>
    public required bool IncludesHead { get; init; }

    /// <summary>The bytes of the body; null: there is none.</summary>
    /// <exception cref="IOException">The file cannot be read; the message is for the user.</exception>
    public async Task<byte[]?> ReadBodyAsync(Stream stdin, CancellationToken cancellationToken)
    {
        switch (Body)
        {
            case null:
                return null;
            case "-":
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
