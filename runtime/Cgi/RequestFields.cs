namespace Wagi.Runtime.Cgi;

/// <summary>Which header fields of a request a module sees, whether it gets them as variables of CGI or by wasi:http.</summary>
/// <param name="PassAuthorization">Whether it sees the credentials that are meant for it.</param>
internal readonly record struct RequestFields(bool PassAuthorization)
{
    /// <summary>
    /// Whether the module does not see a field: credentials (RFC 3875 §9.2), those for it (RFC 9110 §11.6.2) unless it asks, and those for a proxy
    /// (§11.7.2) never.
    /// </summary>
    public bool Withhold(string name) => name.Length switch
    {
        13 => !PassAuthorization && name.Equals("Authorization", StringComparison.OrdinalIgnoreCase),
        19 => name.Equals("Proxy-Authorization", StringComparison.OrdinalIgnoreCase),
        _ => false,
    };
}
