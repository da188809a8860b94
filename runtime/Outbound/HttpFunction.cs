namespace Wagi.Runtime.Outbound;

/// <summary>The functions of <c>wasi_experimental_http</c>.</summary>
internal enum HttpFunction
{
    Request,
    Close,
    HeaderGet,
    HeadersGetAll,
    BodyRead,
}
