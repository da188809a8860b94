using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// The id of a request: in its answer, in all that is logged about it, and in the texts of the runtime's own answers. A valid one that the
/// client sends, such as a proxy's, is kept, so that it leads through all logs.
/// </summary>
internal static class RequestId
{
    /// <summary>The header of request and answer.</summary>
    public const string Header = "X-Request-Id";

    /// <summary>In characters.</summary>
    public const int MaxLength = 128;

    // What UUID, ULID, base64 and the ids of the usual proxies are made of; nothing that a log, a shell or a page could take for more.
    private static readonly SearchValues<char> Characters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:=+/");

    /// <summary>Decides on the id, and puts it into the answer.</summary>
    public static void Begin(HttpContext context)
    {
        if (context.Request.Headers.TryGetValue(Header, out var sent) && sent is [{ } id] && IsValid(id))
        {
            context.TraceIdentifier = id;
        }

        AddTo(context);
    }

    /// <summary>Puts the id into the answer, in place of one that is there.</summary>
    public static void AddTo(HttpContext context) => context.Response.Headers[Header] = context.TraceIdentifier;

    /// <summary>Whether an id may be kept: 1 to 128 of ASCII's letters and digits, and of <c>- _ . : = + /</c>.</summary>
    public static bool IsValid(ReadOnlySpan<char> id) => id.Length is > 0 and <= MaxLength && !id.ContainsAnyExcept(Characters);
}
