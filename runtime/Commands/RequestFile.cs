using System.Collections.Immutable;
using System.Text;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Commands;

/// <summary>
/// A request in a file, as HTTP/1.1 writes it (RFC 9112 §2.1): request line, headers, an empty line, and the body, which is all that follows.
/// People edit such files: a line may end without a carriage return, and lines that begin with <c>#</c> may come first.
/// </summary>
internal static class RequestFile
{
    /// <summary>What stands for standard input in place of a file.</summary>
    public const string Standard = "-";

    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads a request.</summary>
    /// <param name="file">The file, or <see cref="Standard"/>.</param>
    /// <param name="stdin">Standard input.</param>
    /// <exception cref="UsageException">The file cannot be read, or is no request.</exception>
    public static OwnRequest Read(string file, Stream stdin)
    {
        byte[] bytes;
        try
        {
            if (file == Standard)
            {
                using var copy = new MemoryStream();
                stdin.CopyTo(copy);
                return Parse(copy.ToArray(), "stdin");
            }

            bytes = File.ReadAllBytes(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--replay '{file}' cannot be read: {exception.Message}");
        }

        return Parse(bytes, file);
    }

    /// <summary>Writes a request, without the headers that could give a secret away; what is left is still for nobody but the user.</summary>
    /// <returns>The names of the headers that are left out.</returns>
    /// <exception cref="IOException">The file cannot be written; the message is for the user.</exception>
    public static async Task<ImmutableArray<string>> WriteAsync(string file, OwnRequest request, CancellationToken cancellationToken)
    {
        var host = request.Headers.LastOrDefault(header => OwnRequest.IsHost(header.Key)).Value ?? OwnRequest.DefaultHost;
        var head = new StringBuilder($"{request.Method} {request.Target} HTTP/1.1\nHost: {host}\n");
        var others = request.Headers.Where(header => !OwnRequest.IsHost(header.Key) && !OwnRequest.IsLength(header.Key));
        foreach (var (name, value) in others.Where(header => !OutboundRequest.IsCredential(header.Key)))
        {
            head.Append(name).Append(": ").Append(value).Append('\n');
        }

        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnersAlone;
            }

            await using var stream = new FileStream(file, options);
            await stream.WriteAsync((byte[])[.. Encoding.UTF8.GetBytes(head.Append('\n').ToString()), .. request.Body ?? []], cancellationToken);
            await stream.FlushAsync(cancellationToken);

            // One that was there before keeps its mode. What has no length is a device or a pipe, which is not ours to change.
            if (!OperatingSystem.IsWindows() && stream is { CanSeek: true, Length: > 0 })
            {
                File.SetUnixFileMode(stream.SafeFileHandle, OwnersAlone);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"--record '{file}' cannot be written: {exception.Message}", exception);
        }

        return [.. others.Select(header => header.Key).Where(OutboundRequest.IsCredential).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static OwnRequest Parse(byte[] bytes, string file)
    {
        var rest = bytes.AsSpan();
        if (rest.StartsWith(Encoding.UTF8.Preamble))
        {
            rest = rest[Encoding.UTF8.Preamble.Length..];
        }

        var number = 0;
        string line;
        do
        {
            line = TakeLine(ref rest, ref number)
                ?? throw new UsageException($"--replay '{file}' holds no request; one begins with a line such as 'GET /path HTTP/1.1'");
        }
        while (line is "" or ['#', ..]);

        var (method, target, headers) = ReadRequestLine(line, $"{file}:{number}");
        while (TakeLine(ref rest, ref number) is { Length: > 0 } text)
        {
            var header = OwnRequest.ReadHeader(text, out var error) ?? throw new UsageException($"{file}:{number}: '{text}' {error}; an empty line ends the headers");
            if (header.Key.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                throw new UsageException($"{file}:{number}: the body is taken as it stands in the file, so {header.Key} has no meaning here; leave it out");
            }

            if (OwnRequest.IsHost(header.Key))
            {
                headers.RemoveAll(other => OwnRequest.IsHost(other.Key));
            }

            headers.Add(header);
        }

        var hasLength = headers.Exists(header => OwnRequest.IsLength(header.Key));
        var request = new OwnRequest { Method = method, Target = target, Headers = [.. headers], Body = rest.IsEmpty && !hasLength ? null : rest.ToArray() };
        return request.LengthObjection is { } objection
            ? throw new UsageException($"{file}: {objection}")
            : request with { Headers = request.Headers.RemoveAll(header => OwnRequest.IsLength(header.Key)) };
    }

    /// <summary>The version may be missing, and the target may be a whole URL, as in the files that editors send requests from.</summary>
    private static (string Method, string Target, List<KeyValuePair<string, string>> Headers) ReadRequestLine(string line, string where)
    {
        string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts is not ([_, _] or [_, _, ['H', 'T', 'T', 'P', '/', ..]]) || !OwnRequest.IsMethod(parts[0]))
        {
            throw new UsageException($"{where}: '{line}' is no request line such as 'GET /path HTTP/1.1'");
        }

        if (parts[1].StartsWith('/'))
        {
            return (parts[0], OwnRequest.Encode(parts[1]), []);
        }

        if (!Uri.TryCreate(parts[1], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"{where}: '{parts[1]}' is neither a path, which begins with a slash, nor a URL");
        }

        // As it was written, and not as a URL is tidied up.
        var authority = parts[1].IndexOf("//", StringComparison.Ordinal) + 2;
        var path = parts[1].AsSpan(authority).IndexOfAny('/', '?');
        var target = path < 0 ? "/" : parts[1][(authority + path)..];
        return (parts[0], OwnRequest.Encode(target[0] == '/' ? target : "/" + target), [new("Host", url.Authority)]);
    }

    /// <summary>The next line without its end; null: there is none.</summary>
    private static string? TakeLine(ref Span<byte> rest, ref int number)
    {
        if (rest.IsEmpty)
        {
            return null;
        }

        number++;
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        return Encoding.UTF8.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
    }
}
