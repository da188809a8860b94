using System.Diagnostics.CodeAnalysis;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;

namespace Wagi.Oci.References;

/// <summary>
/// Where an artifact is: registry, repository, and a tag, a digest or both
/// (OCI distribution spec 1.1, "Pulling manifests"). With both, the digest decides and the tag is only a remark.
/// </summary>
/// <remarks>
/// Text forms: <c>oci://host:port/repo/name:tag@sha256:…</c>, WAGI's <c>oci:host/repo:tag</c>, and <c>host:port/repo:tag</c> alone.
/// As in Docker, the part before the first slash is a registry only if it has a dot or a port or is <c>localhost</c>; everything else is on
/// docker.io, below <c>library/</c> if it has a single part. Without tag and digest the tag is <c>latest</c>.
/// </remarks>
public sealed record Reference
{
    /// <summary>The registry that a reference without one means.</summary>
    internal const string DockerHub = "docker.io";

    internal Reference(string registry, string repository, string? tag, Digest? digest)
    {
        Registry = registry;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Host name or address, with its port if there is one, in lower case: <c>ghcr.io</c>, <c>127.0.0.1:5000</c>, <c>[::1]:5000</c>.</summary>
    public string Registry { get; }

    /// <summary>The repository's name within the registry: <c>samples/hello</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag; null if there is only a digest.</summary>
    public string? Tag { get; }

    /// <summary>The digest of the manifest; null if there is only a tag.</summary>
    public Digest? Digest { get; }

    /// <summary>The host that answers for <see cref="Registry"/>: docker.io is served by registry-1.docker.io.</summary>
    internal string ApiHost => Registry == DockerHub ? "registry-1.docker.io" : Registry;

    /// <summary>What to ask the registry for: the digest if there is one, otherwise the tag.</summary>
    internal string Target => Digest?.ToString() ?? Tag!;

    /// <summary>Reads a reference.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.InvalidReference"/> with what is wrong.</exception>
    public static Reference Parse(string text) =>
        TryParse(text, out var reference, out var error) ? reference : throw new OciException(OciErrorKind.InvalidReference, error);

    /// <summary>Reads a reference.</summary>
    /// <param name="text">The text, in one of the forms above.</param>
    /// <param name="reference">The reference, if the text is one.</param>
    /// <param name="error">What is wrong and how to write it, otherwise.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Reference? reference, [NotNullWhen(false)] out string? error) =>
        ReferenceGrammar.TryParse(text, out reference, out error);

    /// <summary>The same repository and tag, bound to this manifest digest.</summary>
    public Reference WithDigest(Digest digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return new Reference(Registry, Repository, Tag, digest);
    }

    /// <summary>Another tag in the same repository.</summary>
    internal Reference WithTag(string tag) => new(Registry, Repository, tag, null);

    /// <summary>The canonical text: registry, repository, tag and digest, without a scheme. Parses to an equal reference.</summary>
    public override string ToString() =>
        $"{Registry}/{Repository}{(Tag is null ? "" : ":" + Tag)}{(Digest is null ? "" : "@" + Digest)}";
}
