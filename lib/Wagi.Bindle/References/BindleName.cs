using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Wagi.Bindle.References;

/// <summary>The name of one bindle, <c>NAME/VERSION</c>: <c>example.com/hello/1.0.0</c> (Bindle's reference specification, "Invoice Name").</summary>
/// <param name="Name">The part before the version; letters, digits, <c>-</c>, <c>.</c>, <c>_</c>, in segments between slashes.</param>
/// <param name="Version">The version, complete (SemVer 2).</param>
public sealed partial record BindleName(string Name, string Version)
{
    private const string Scheme = "bindle:";

    /// <summary>The folder of the bindle among standalone ones: the SHA-256 of <c>NAME/VERSION</c>, in hexadecimal digits.</summary>
    public string StandaloneFolder => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ToString())));

    /// <summary>Reads a name, with or without <c>bindle:</c> in front.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">The name, if the text is one.</param>
    /// <param name="error">What is wrong with the text, otherwise.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out BindleName? name, [NotNullWhen(false)] out string? error)
    {
        name = null;
        var full = text?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true ? text[Scheme.Length..] : text ?? "";
        var slash = full.LastIndexOf('/');
        var (before, version) = slash < 0 ? ("", full) : (full[..slash], full[(slash + 1)..]);
        error = Check(full, before, version);
        if (error is not null)
        {
            return false;
        }

        name = new BindleName(before, version);
        return true;
    }

    private static string? Check(string full, string before, string version)
    {
        if (before.Length == 0)
        {
            return $"'{full}' is not the name of a bindle: write NAME/VERSION, such as example.com/hello/1.0.0";
        }

        if (!VersionRegex().IsMatch(version))
        {
            return $"'{full}' does not end in a version: '{version}' should be one such as 1.0.0, with all three numbers";
        }

        // A client would follow dots to another folder.
        return before.Split('/').Any(segment => segment is "." or ".." || !SegmentRegex().IsMatch(segment))
            ? $"'{full}' is not the name of a bindle: '{before}' may have letters, digits, '-', '.' and '_' between single slashes"
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}/{Version}";

    [GeneratedRegex(@"^[\p{L}\p{N}._-]+\z")]
    private static partial Regex SegmentRegex();

    [GeneratedRegex(@"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\z")]
    private static partial Regex VersionRegex();
}
