using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary>Where the body of a message comes from that was received.</summary>
internal interface IBodySource
{
    /// <summary>Its content.</summary>
    InputStream Content { get; }

    /// <summary>Its trailer fields, or why there are none; only when the content has ended.</summary>
    (IEnumerable<HttpField> Fields, ErrorCode? Error) Trailers(GuestRun run);

    /// <summary>Nobody reads it any more.</summary>
    void Release();
}

/// <summary><c>wasi:http/types.incoming-body</c>.</summary>
internal sealed class IncomingBody(IBodySource source) : Resource
{
    private bool _hasStream;

    public IBodySource Source => source;

    /// <summary>The content; null: it was handed out before.</summary>
    public InputStream? TakeStream()
    {
        var isFirst = !_hasStream;
        _hasStream = true;
        return isFirst ? source.Content : null;
    }

    /// <inheritdoc/>
    public override void Release() => source.Release();
}

/// <summary><c>wasi:http/types.future-trailers</c>: what is left of the content is dropped, and then there are the trailers.</summary>
internal sealed class FutureTrailers(IBodySource source) : Resource
{
    /// <summary>Whether they were handed out.</summary>
    public bool IsTaken { get; set; }

    public IBodySource Source => source;

    /// <summary>Whether the content has come to its end, of which what is there is dropped.</summary>
    public bool IsReady(GuestRun run)
    {
        Span<byte> dropped = stackalloc byte[4096];
        int read;
        do
        {
            read = source.Content.Read(run, dropped, mayWait: false);
        }
        while (read > 0 && !run.IsStopped);

        return read < 0;
    }

    /// <inheritdoc/>
    public override void Release() => source.Release();
}

/// <summary>Ready when trailers are.</summary>
internal sealed class TrailersPollable(FutureTrailers trailers) : Pollable
{
    private readonly Pollable _content = trailers.Source.Content.Subscribe();

    public override bool IsForClient => _content.IsForClient;

    public override bool IsReady(GuestRun run) => trailers.IsReady(run);

    public override Task? Pending(GuestRun run) => _content.Pending(run);
}
