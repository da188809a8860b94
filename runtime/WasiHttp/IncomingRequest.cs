using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/types.incoming-request</c>: the request that the guest answers.</summary>
internal sealed class IncomingRequest(IHttpExchange exchange) : Resource, IBodySource
{
    private Fields? _headers;
    private bool _isConsumed;

    public IHttpExchange Exchange => exchange;

    public Fields Headers => _headers ??= new Fields(exchange.Headers);

    /// <inheritdoc/>
    public InputStream Content => Stdin.Instance;

    /// <summary>The body; null: it was handed out before.</summary>
    public IncomingBody? Consume()
    {
        var isFirst = !_isConsumed;
        _isConsumed = true;
        return isFirst ? new IncomingBody(this) : null;
    }

    /// <inheritdoc/>
    public (IEnumerable<HttpField> Fields, ErrorCode? Error) Trailers(GuestRun run) => (exchange.Trailers, null);

    /// <inheritdoc cref="Resource.Release"/>
    public override void Release()
    {
        // What it leads to is the run's, and ends with it.
    }
}

/// <summary><c>wasi:http/types.response-outparam</c>: the right to answer, once.</summary>
internal sealed class ResponseOutparam(IHttpExchange exchange) : Resource
{
    public IHttpExchange Exchange => exchange;
}
