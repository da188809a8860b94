using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Wagi.Oci.Content;

namespace Wagi.Oci.References;

/// <summary>Text to <see cref="Reference"/>, by the grammar of the OCI distribution spec 1.1 ("Pulling manifests").</summary>
internal static partial class ReferenceGrammar
{
    private const int MaxRepositoryLength = 255;

    public static bool TryParse(string? text, [NotNullWhen(true)] out Reference? reference, [NotNullWhen(false)] out string? error)
    {
        reference = null;
        error = Read(text, ref reference);
        return error is null;
    }

    private static string? Read(string? text, ref Reference? reference)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "an OCI reference is empty: expected registry/repository:tag";
        }

        // Order matters: before user:password@ is ruled out, no error may repeat the text.
        var rest = StripScheme(text);
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        Digest? digest = null;
        if (at >= 0)
        {
            if (!Digest.TryParse(rest[(at + 1)..], out digest, out var digestError))
            {
                return rest.AsSpan(at + 1).StartsWith("sha", StringComparison.Ordinal)
                    ? $"'{text}' is not an OCI reference: {digestError}"
                    : "not an OCI reference: a digest (sha256:…) must follow '@'; credentials do not belong into a reference";
            }

            rest = rest[..at];
        }

        if (text.AsSpan().ContainsAnyInRange('\0', ' '))
        {
            return $"'{text.Trim()}' is not an OCI reference: it contains white space or a control character";
        }

        if (rest.Contains("://", StringComparison.Ordinal))
        {
            return $"'{text}' is not an OCI reference: leave out '{rest[..(rest.IndexOf("://", StringComparison.Ordinal) + 3)]}'";
        }

        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var registry = slash > 0 && IsRegistry(rest[..slash]) ? rest[..slash].ToLowerInvariant() : null;
        var name = registry is null ? rest : rest[(slash + 1)..];
        if (registry is not null && !Host().IsMatch(registry))
        {
            return $"'{text}' is not an OCI reference: '{registry}' is not a host name with an optional port";
        }

        string? tag = null;
        var colon = name.LastIndexOf(':');
        if (colon >= 0)
        {
            tag = name[(colon + 1)..];
            name = name[..colon];
            if (!Tag().IsMatch(tag))
            {
                return $"'{text}' is not an OCI reference: '{tag}' is not a tag (letters, digits, '_', '.', '-'; at most 128; not starting with '.' or '-')";
            }
        }

        if (RepositoryError(name) is { } nameError)
        {
            return $"'{text}' is not an OCI reference: {nameError}";
        }

        registry = registry switch
        {
            null or "index.docker.io" or "registry-1.docker.io" => Reference.DockerHub,
            _ => registry,
        };
        if (registry == Reference.DockerHub && !name.Contains('/', StringComparison.Ordinal))
        {
            name = "library/" + name;
        }

        reference = new Reference(registry, name, tag ?? (digest is null ? "latest" : null), digest);
        return null;
    }

    private static string StripScheme(string text)
    {
        if (text.StartsWith("oci://", StringComparison.OrdinalIgnoreCase))
        {
            return text["oci://".Length..];
        }
        // "oci:5000/…" could be a host called oci, but WAGI's short form wins.
        return text.StartsWith("oci:", StringComparison.OrdinalIgnoreCase) ? text["oci:".Length..] : text;
    }

    private static bool IsRegistry(string first) =>
        first == "localhost" || first.AsSpan().ContainsAny('.', ':');

    private static string? RepositoryError(string name)
    {
        if (name.Length == 0)
        {
            return "the repository is missing: expected registry/repository:tag";
        }

        if (name.Length > MaxRepositoryLength)
        {
            return $"the repository has {name.Length} characters, at most {MaxRepositoryLength} are allowed";
        }

        if (Repository().IsMatch(name))
        {
            return null;
        }

        return Repository().IsMatch(name.ToLowerInvariant())
            ? $"repositories are lower case: write '{name.ToLowerInvariant()}'"
            : $"'{name}' is not a repository (lower-case letters and digits, separated by '/', '.', '-', '_' or '__')";
    }

    [GeneratedRegex(@"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Repository();

    [GeneratedRegex(@"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(@"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Host();
}
