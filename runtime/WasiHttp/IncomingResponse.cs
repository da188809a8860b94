using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/types.future-incoming-response</c>: a request that is on its way.</summary>
internal sealed class FutureResponse(OutgoingExchange exchange) : Resource
{
    public OutgoingExchange Exchange => exchange;

    /// <summary>Whether the response was handed out.</summary>
    public bool IsTaken { get; set; }

    /// <inheritdoc/>
    public override void Release()
    {
        if (!IsTaken)
        {
            exchange.Release();
        }
    }
}

/// <summary><c>wasi:http/types.incoming-response</c>: the response to a request that the guest has sent.</summary>
internal sealed class IncomingResponse(OutgoingExchange exchange) : Resource
{
    private bool _isConsumed;

    public ushort Status => (ushort)exchange.Response.StatusCode;

    public Fields Headers { get; } = new(exchange.Headers);

    /// <summary>The body; null: it was handed out before.</summary>
    public IncomingBody? Consume()
    {
        var isFirst = !_isConsumed;
        _isConsumed = true;
        return isFirst ? new IncomingBody(exchange) : null;
    }

    /// <inheritdoc/>
    public override void Release()
    {
        if (!_isConsumed)
        {
            exchange.Release();
        }
    }
}
