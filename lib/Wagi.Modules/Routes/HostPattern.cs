using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Routes;

/// <summary>
/// The host that a module answers for: a name (<c>example.com</c>) or a wildcard (<c>*.example.com</c>, any number of
/// labels below <c>example.com</c> and not <c>example.com</c> itself, as in the Gateway API's <c>HTTPRoute.hostnames</c>).
/// Case and port do not matter.
/// </summary>
public sealed record HostPattern
{
    /// <summary>The longest DNS name (RFC 1035 §2.3.4), in characters.</summary>
    public const int MaxLength = 253;

    private const int MaxLabelLength = 63;

    private HostPattern(string name, bool isWildcard)
    {
        Name = name;
        IsWildcard = isWildcard;
    }

    /// <summary>The host in lower case, without <c>*.</c>.</summary>
    public string Name { get; }

    /// <summary>True when the pattern starts with <c>*.</c>.</summary>
    public bool IsWildcard { get; }

    /// <summary>Reads a host.</summary>
    /// <exception cref="FormatException">The text is not a host; the message says why.</exception>
    public static HostPattern Parse(string text) =>
        TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException(error);

    /// <summary>Reads a host; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out HostPattern? pattern, [NotNullWhen(false)] out string? error)
    {
        pattern = null;
        error = null;
        var isWildcard = text is not null && text.StartsWith("*.", StringComparison.Ordinal);
        var name = (isWildcard ? text![2..] : text ?? "").ToLowerInvariant();
        if (name.Length is 0 or > MaxLength || !name.Split('.').All(IsLabel))
        {
            error = $"host '{text}' is not a DNS name such as 'example.com' or '*.example.com' (no scheme, no port)";
            return false;
        }

        pattern = new HostPattern(name, isWildcard);
        return true;
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabelLength
        && label[0] != '-' && label[^1] != '-'
        && label.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');

    /// <summary>The pattern as a configuration writes it.</summary>
    public override string ToString() => IsWildcard ? "*." + Name : Name;
}
