namespace Wagi.Runtime.Outbound;

/// <summary>Names and parameters of the functions: <c>i</c> is an i32. All return an <see cref="HttpError"/> as i32.</summary>
internal static class HttpSignatures
{
    /// <summary>The module that they are imported from.</summary>
    public const string Module = "wasi_experimental_http";

    public static readonly (HttpFunction Function, string Name, string Parameters)[] All =
    [
        (HttpFunction.Request, "req", "iiiiiiiiii"),
        (HttpFunction.Close, "close", "i"),
        (HttpFunction.HeaderGet, "header_get", "iiiiii"),
        (HttpFunction.HeadersGetAll, "headers_get_all", "iiii"),
        (HttpFunction.BodyRead, "body_read", "iiii"),
    ];
}
