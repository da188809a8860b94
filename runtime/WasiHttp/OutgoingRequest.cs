using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/types.outgoing-request</c>: a request that the guest sends.</summary>
internal sealed class OutgoingRequest(Fields headers) : Resource
{
    public Fields Headers => headers;

    public string Method { get; set; } = "GET";

    /// <summary>Null: https.</summary>
    public string? Scheme { get; set; }

    /// <summary>Host and port.</summary>
    public string? Authority { get; set; }

    public string? PathWithQuery { get; set; }

    /// <summary>The body; null: nobody has asked for it, and there is none.</summary>
    public RequestBody? Body { get; private set; }

    /// <summary>The body, for whoever writes it; null: it was handed out before.</summary>
    public OutgoingBody? TakeBody(ComponentRun run) =>
        Body is null ? new OutgoingBody(Body = new RequestBody(run, LengthOf(headers))) : null;

    /// <summary>Where it goes; null: to no http URL.</summary>
    public Uri? Target =>
        Scheme is null or "http" or "https"
        && Authority is { Length: > 0 } authority
        && authority.IndexOfAny(['/', '?', '#', '@', '\\', ' ']) < 0
        && Uri.TryCreate($"{Scheme ?? "https"}://{authority}{PathWithQuery ?? "/"}", UriKind.Absolute, out var target)
        && target.Host.Length > 0
            ? target
            : null;

    /// <inheritdoc/>
    public override void Release()
    {
        headers.Release();
        Body?.Refuse();
    }

    private static long? LengthOf(Fields headers) =>
        headers.Get("Content-Length").FirstOrDefault() is { } value && long.TryParse(value, System.Globalization.NumberStyles.None, null, out var length) ? length : null;
}

/// <summary><c>wasi:http/types.request-options</c>; durations in nanoseconds, none of them is as long as the runtime allows.</summary>
internal sealed class RequestOptions : Resource
{
    public ulong? ConnectTimeout { get; set; }

    public ulong? FirstByteTimeout { get; set; }

    public ulong? BetweenBytesTimeout { get; set; }
}
