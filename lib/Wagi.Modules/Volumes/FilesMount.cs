using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Wagi.Modules.Sources;

namespace Wagi.Modules.Volumes;

/// <summary>Files that a guest sees read-only: those of an OCI artifact, or a folder beside <c>modules.toml</c>.</summary>
/// <param name="Reference">Where the files are: an OCI reference or the path of a folder.</param>
/// <param name="Path">Where the guest sees them: an absolute path such as <c>/site</c>.</param>
public sealed record FilesMount(ModuleReference Reference, string Path)
{
    /// <summary>How many a module may have.</summary>
    public const int MaxMounts = 8;

    /// <summary>Characters of a path.</summary>
    public const int MaxPathLength = 256;

    /// <summary>The public keys one of which must have signed the artifact; empty: it needs no signature.</summary>
    public ImmutableArray<string> SignatureKeys { get; init; } = [];

    /// <summary>Whether the path can be one that the guest sees.</summary>
    /// <param name="path">The path.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool IsPath(string path, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(path);
        error = path switch
        {
            _ when path.Length > MaxPathLength => $"the path is longer than {MaxPathLength} characters",
            _ when path.Any(char.IsControl) => "the path contains a control character",
            "/" => null,
            _ when path.Length == 0 || path[0] != '/' => $"'{path}' is not an absolute path such as /site",
            _ when path[1..].Split('/').Any(segment => segment is "" or "." or "..") =>
                $"'{path}' has an empty segment, '.' or '..'; write for example /site",
            _ => null,
        };
        return error is null;
    }

    /// <summary>Whether files can come from there: from a registry or a folder, but not from a bindle.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool IsSource(ModuleReference reference, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(reference);
        error = reference.Scheme == ModuleScheme.Bindle
            ? $"'{reference}' is a bindle; files come from an OCI artifact ('oci://REGISTRY/REPOSITORY:TAG')"
            : null;
        return error is null;
    }
}
