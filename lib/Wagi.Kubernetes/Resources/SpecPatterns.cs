using System.Text.RegularExpressions;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// Patterns that the schema of the CRD and the operator's own check share, in the syntax that RE2 and .NET have in common.
/// </summary>
public static partial class SpecPatterns
{
    /// <summary>A duration: numbers with units.</summary>
    public const string Duration = @"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$";

    /// <summary>A number of bytes with an optional suffix.</summary>
    public const string ByteSize = "^[1-9][0-9]{0,9}(k|M|G|Ki|Mi|Gi)?$";

    /// <summary>A number of requests in a second, a minute or an hour.</summary>
    public const string RequestRate = "^[1-9][0-9]{0,5}/[smh]$";

    /// <summary>The name of an environment variable.</summary>
    public const string EnvironmentName = "^[A-Za-z_][A-Za-z0-9_]*$";

    /// <summary>A key of a Secret or ConfigMap.</summary>
    public const string Key = "^[-._a-zA-Z0-9]+$";

    /// <summary>The URL of a Bindle server.</summary>
    public const string BindleServer = @"^https?://[^?#\s]+$";

    /// <summary>Whether the whole of <paramref name="text"/> matches: in .NET, <c>$</c> would let a final newline pass.</summary>
    public static bool IsMatch(Regex pattern, string text) => !text.EndsWith('\n') && pattern.IsMatch(text);

    [GeneratedRegex(Duration)]
    public static partial Regex DurationRegex();

    [GeneratedRegex(ByteSize)]
    public static partial Regex ByteSizeRegex();

    [GeneratedRegex(EnvironmentName)]
    public static partial Regex EnvironmentNameRegex();

    [GeneratedRegex(Key)]
    public static partial Regex KeyRegex();

    [GeneratedRegex(BindleServer)]
    public static partial Regex BindleServerRegex();
}
