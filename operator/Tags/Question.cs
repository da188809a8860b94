using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Operator.Loops;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tags;

/// <summary>
/// What makes two requests one question: the same reference, the same credentials for it, and the same keys that it must be signed with. Namespaces with other credentials ask by
/// themselves, because nobody may learn what its own credentials do not show.
/// </summary>
/// <param name="Reference">The canonical reference.</param>
/// <param name="Credentials">Fingerprints of the credentials that are tried, in their order; empty: anonymous.</param>
/// <param name="SignatureKeys">The keys in their order, separated by spaces; empty: it need not be signed.</param>
internal sealed record QuestionKey(string Reference, string Credentials, string SignatureKeys);

/// <summary>A question to a registry, whoever asks it. <see cref="TagResolver"/> guards it by its lock.</summary>
internal sealed class Question(QuestionKey key, RequestCredentials credentials, ImmutableArray<string> signatureKeys, RegistryGate gate, TimeProvider time)
{
    public QuestionKey Key { get; } = key;

    /// <summary>The keys, one of which must have signed the answer; empty: it need not be signed.</summary>
    public ImmutableArray<string> SignatureKeys { get; } = signatureKeys;

    public RequestCredentials Credentials { get; } = credentials;

    /// <summary>The way to its registry.</summary>
    public RegistryGate Gate { get; } = gate;

    /// <summary>The requests that get its answer.</summary>
    public HashSet<ResolutionRequest> Askers { get; } = [];

    /// <summary>The namespaces of <see cref="Askers"/>.</summary>
    public ImmutableArray<string> Namespaces => [.. Askers.Select(asker => asker.Namespace).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>The last answer; null before the first.</summary>
    public Resolution? Answer { get; set; }

    /// <summary>Ends the pause before it is asked again.</summary>
    public Alarm Wake { get; } = new(time);

    /// <summary>Ends its loop.</summary>
    public CancellationTokenSource? Stop { get; set; }
}

/// <summary>The credentials that the pull secrets of one request have for its repository, in the order to try them in.</summary>
internal sealed class RequestCredentials(ImmutableArray<Credential> credentials) : ICredentialStore
{
    /// <summary>Equal when the credentials are; empty: there are none.</summary>
    public string Fingerprint { get; } = string.Join(' ', credentials.Select(credential => credential.Fingerprint));

    /// <summary>Finds them. A Secret that is missing or malformed is the plan's to report; what can be used is used.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Credentials"/> when a Secret's JSON holds no Docker configuration.</exception>
    public static RequestCredentials Find(
        ResolutionRequest request, string registry, string repository, IReadOnlyDictionary<ObjectKey, SecretContent?> secrets)
    {
        var found = ImmutableArray.CreateBuilder<Credential>();
        foreach (var name in request.PullSecrets)
        {
            if (secrets.GetValueOrDefault(new ObjectKey(request.Namespace, name)) is { } content
                && PullSecret.TryExtract(content.Type, content.Data, out var dockerConfig, out _))
            {
                found.AddRange(DockerConfigCredentialStore.FromPullSecret(dockerConfig).FindStored(registry, repository));
            }
        }

        return new RequestCredentials(found.ToImmutable());
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken) => new(credentials);
}
