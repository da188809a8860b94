using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Routes;

/// <summary>
/// The path pattern of a route: exact (<c>/a</c>) or prefix (<c>/a/...</c>, which matches <c>/a</c> and everything
/// below it, and not <c>/ab</c>).
/// </summary>
public sealed record RoutePattern
{
    private const string Wildcard = "/...";

    /// <summary>The longest pattern that is accepted, in characters.</summary>
    public const int MaxLength = 1024;

    private RoutePattern(string path, bool isPrefix)
    {
        Path = path;
        IsPrefix = isPrefix;
    }

    /// <summary>The path without <c>/...</c>: the <c>SCRIPT_NAME</c> of a handler. Empty for the route <c>/...</c>.</summary>
    public string Path { get; }

    /// <summary>True when the pattern ends in <c>/...</c>.</summary>
    public bool IsPrefix { get; }

    /// <summary>What to do about a <see cref="Caution"/>.</summary>
    public const string CautionHint = "end a route in '/...' for everything below it; the module finds the rest in PATH_INFO";

    /// <summary>What its author may not have meant: a segment that is a variable in the routes of other servers; null: nothing.</summary>
    public string? Caution => LiteralVariable is { } segment ? $"route '{this}' matches the segment '{segment}' and no other" : null;

    private string? LiteralVariable => Path.Split('/').FirstOrDefault(
        segment => segment is "*" or "**" or [':', _, ..] or ['{', .., '}'] or ['<', .., '>']);

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">The text is not a pattern; the message says why.</exception>
    public static RoutePattern Parse(string text) =>
        TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException(error);

    /// <summary>Reads a pattern; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out RoutePattern? pattern, [NotNullWhen(false)] out string? error)
    {
        pattern = null;
        error = Validate(text);
        if (error is not null)
        {
            return false;
        }

        pattern = text!.EndsWith(Wildcard, StringComparison.Ordinal)
            ? new RoutePattern(text[..^Wildcard.Length], isPrefix: true)
            : new RoutePattern(text, isPrefix: false);
        return true;
    }

    /// <summary>The pattern <c>path/...</c>.</summary>
    /// <param name="path">The <see cref="Path"/> of a pattern, or one above it; empty for <c>/...</c>.</param>
    public static RoutePattern Below(string path) => new(path, isPrefix: true);

    private static string? Validate(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "a route is missing; it is a path such as '/hello' or '/hello/...'";
        }

        if (text.Length > MaxLength)
        {
            return $"route is {text.Length} characters long; at most {MaxLength} are accepted";
        }

        if (text[0] != '/')
        {
            return $"route '{text}' must start with '/'";
        }

        if (text.AsSpan().ContainsAny('?', '#'))
        {
            return $"route '{text}' must be a path, without '?' or '#'";
        }

        foreach (var character in text)
        {
            if (char.IsControl(character) || char.IsWhiteSpace(character))
            {
                return $"route '{text}' must not hold spaces or control characters";
            }
        }

        foreach (var segment in text.Split('/'))
        {
            if (segment is "." or "..")
            {
                return $"route '{text}' must not hold the segments '.' or '..'";
            }
        }

        var dots = text.IndexOf("...", StringComparison.Ordinal);
        return dots >= 0 && dots != text.Length - 3 || dots > 0 && text[dots - 1] != '/'
            ? $"route '{text}' may hold '...' only as its last segment ('/a/...')"
            : null;
    }

    /// <summary>
    /// The pattern of a sub-route that a module declares in <c>_routes()</c>, below the module's own: <c>/a/...</c> and <c>/b</c> give
    /// <c>/a/b</c>.
    /// </summary>
    public RoutePattern Append(RoutePattern subroute)
    {
        ArgumentNullException.ThrowIfNull(subroute);
        var prefix = Path.EndsWith('/') ? Path[..^1] : Path;
        return new RoutePattern(prefix + subroute.Path, subroute.IsPrefix);
    }

    /// <summary>Whether a decoded request path matches this pattern.</summary>
    public bool Matches(ReadOnlySpan<char> path) => IsPrefix
        ? path.StartsWith(Path, StringComparison.Ordinal) && (path.Length == Path.Length || path[Path.Length] == '/')
        : path.SequenceEqual(Path);

    /// <summary>The pattern as a configuration writes it.</summary>
    public override string ToString() => IsPrefix ? Path + Wildcard : Path;
}
