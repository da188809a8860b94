using System.Net.Http.Headers;

namespace Wagi.Oci.Authentication;

/// <summary>An Authorization header that a registry has asked for, and until when it is good.</summary>
internal sealed record Authorization(AuthenticationHeaderValue Header, DateTimeOffset Expires)
{
    /// <summary>The scheme alone: a log or a message must not show the rest.</summary>
    public override string ToString() => Header.Scheme;
}
