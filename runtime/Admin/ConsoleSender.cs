using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Serving;

namespace Wagi.Runtime.Admin;

/// <summary>Sends the requests of the console's form, through the same server as any other client's.</summary>
internal sealed class ConsoleSender : IDisposable
{
    /// <summary>How much of an answer's body is shown, in bytes.</summary>
    public const int MaxBody = 256 << 10;

    /// <summary>How long an answer is waited for: an answer may be a stream without an end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly UTF8Encoding Text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly HttpClient _client = OwnRequest.CreateClient();

    /// <summary>Where the modules answer; null until the server listens.</summary>
    public Uri? Server { get; private set; }

    /// <summary>Says where the server listens.</summary>
    public void Begin(string url)
    {
        var server = new UriBuilder(url);
        if (IPAddress.TryParse(server.Host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
        {
            server.Host = address.Equals(IPAddress.Any) ? IPAddress.Loopback.ToString() : IPAddress.IPv6Loopback.ToString();
        }

        Server = server.Uri;
    }

    /// <summary>Reads what the form holds.</summary>
    /// <param name="request">What the page sends.</param>
    /// <param name="error">What is wrong with it, for the person who wrote it.</param>
    /// <returns>The request; null: it is not one.</returns>
    public static OwnRequest? Read(ConsoleRequest request, out string error)
    {
        var headers = new List<KeyValuePair<string, string>>();
        error = "";
        foreach (var line in (request.Headers ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (OwnRequest.ReadHeader(line, out var reason) is not { } header)
            {
                error = $"the header '{line}' {reason}";
                return null;
            }

            headers.Add(header);
        }

        if (!OwnRequest.IsMethod(request.Method))
        {
            error = $"'{request.Method}' is not a method such as GET or POST";
            return null;
        }

        if (!request.Target.StartsWith('/'))
        {
            error = $"the path '{request.Target}' does not begin with a slash";
            return null;
        }

        var own = new OwnRequest
        {
            Method = request.Method,
            Target = OwnRequest.Encode(request.Target),
            Headers = [.. headers],
            Body = string.IsNullOrEmpty(request.Body) ? null : Encoding.UTF8.GetBytes(request.Body),
        };
        error = own.LengthObjection ?? "";
        return error.Length == 0 ? own : null;
    }

    /// <summary>Sends a request and reads the answer, as much of it as is shown.</summary>
    public async Task<ConsoleAnswer> SendAsync(OwnRequest request, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            using var message = request.ToMessage(Server!);
            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            using var body = new MemoryStream();
            var failure = await ReadAsync(await response.Content.ReadAsStreamAsync(patience.Token), body, patience.Token);
            return new ConsoleAnswer
            {
                Status = (int)response.StatusCode,
                Phrase = response.ReasonPhrase ?? "",
                Headers = [.. OutboundClient.HeadersOf(response).Select(header => new ConsoleFact(header.Key, header.Value))],
                Text = TextOf(body, isWhole: failure is null),
                Bytes = body.Length,
                Milliseconds = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 2),
                Failure = failure,
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ConsoleAnswer { Failure = $"there was no answer within {Patience.TotalSeconds} s" };
        }
        catch (HttpRequestException exception)
        {
            return new ConsoleAnswer { Failure = $"there was no answer: {exception.Message}" };
        }
    }

    /// <returns>Why the body is not whole; null: it is.</returns>
    private static async Task<string?> ReadAsync(Stream stream, MemoryStream body, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 << 10];
        try
        {
            while (body.Length < MaxBody)
            {
                var count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, MaxBody - body.Length)), cancellationToken);
                if (count == 0)
                {
                    return null;
                }

                body.Write(buffer, 0, count);
            }

            return await stream.ReadAsync(buffer, cancellationToken) == 0 ? null : $"only the first {MaxBody >> 10} KiB are shown";
        }
        catch (OperationCanceledException)
        {
            return $"the answer had not ended after {Patience.TotalSeconds} s";
        }
        catch (IOException)
        {
            return "the answer breaks off, as it does for a client";
        }
    }

    private static string? TextOf(MemoryStream body, bool isWhole)
    {
        var bytes = body.GetBuffer().AsSpan(0, (int)body.Length);
        for (var cut = 0; cut < 4 && cut <= bytes.Length; cut++)
        {
            try
            {
                return Text.GetString(bytes[..^cut]);
            }
            catch (ArgumentException) when (!isWhole)
            {
                // The cut may go through a character.
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        return null;
    }

    public void Dispose() => _client.Dispose();
}
