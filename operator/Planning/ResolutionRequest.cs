using System.Collections.Immutable;

namespace Wagi.Operator.Planning;

/// <summary>A tag whose digest the plan needs, or a digest that must be signed. Equal requests have equal answers, so it can be the key of a cache.</summary>
public sealed record ResolutionRequest
{
    /// <summary>The canonical OCI reference, without scheme: <c>ghcr.io/example/hello:v1</c>, or with a digest.</summary>
    public required string Reference { get; init; }

    /// <summary>The namespace that asks. Answers never cross namespaces: they depend on credentials.</summary>
    public required string Namespace { get; init; }

    /// <summary>The Secrets of that namespace whose credentials are tried, in this order.</summary>
    public ImmutableArray<string> PullSecrets { get; init; } = [];

    /// <summary>Changes with the Secrets, so that a corrected credential is a new request.</summary>
    public string CredentialsVersion { get; init; } = "";

    /// <summary>The keys, one of which must have signed the digest (<see cref="Wagi.Modules.Configuration.ModuleEntry.SignatureKeys"/>); empty: it need not be signed.</summary>
    public ImmutableArray<string> SignatureKeys { get; init; } = [];

    /// <inheritdoc/>
    public bool Equals(ResolutionRequest? other) =>
        other is not null && Reference == other.Reference && Namespace == other.Namespace
        && CredentialsVersion == other.CredentialsVersion && PullSecrets.SequenceEqual(other.PullSecrets)
        && SignatureKeys.SequenceEqual(other.SignatureKeys);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Reference, Namespace, CredentialsVersion);
}

/// <summary>The answer to a <see cref="ResolutionRequest"/>.</summary>
public abstract record Resolution
{
    private Resolution()
    {
    }

    /// <summary>The digest, <c>sha256:…</c>, which is signed as it must be.</summary>
    public sealed record Found(string Digest) : Resolution;

    /// <summary>The registry gave no digest, or no valid signature of it.</summary>
    /// <param name="Reason">One of <see cref="Wagi.Modules.Status.ModuleReason"/>.</param>
    /// <param name="Message">The cause in a sentence, without credentials.</param>
    /// <param name="IsFinal">Whether it is useless to try again until somebody changes something.</param>
    public sealed record Failed(string Reason, string Message, bool IsFinal) : Resolution;
}
