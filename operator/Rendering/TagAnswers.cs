using Wagi.Kubernetes.ApiServer;
using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Operator.Planning;
using Wagi.Operator.Tags;

namespace Wagi.Operator.Rendering;

/// <summary>Asks registries for the digests of the tags in manifests. What was found is remembered, what failed is asked again.</summary>
/// <param name="lookup">The registries.</param>
/// <param name="credentials">The user's own credentials, tried after the pull secrets in the manifests.</param>
internal sealed class TagAnswers(ITagLookup lookup, ICredentialStore credentials)
{
    private readonly Dictionary<ResolutionRequest, Resolution> _found = [];

    /// <summary>The answers to all of the requests.</summary>
    /// <param name="requests">The tags.</param>
    /// <param name="secrets">The pull secrets that the requests name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyDictionary<ResolutionRequest, Resolution>> AskAsync(
        IEnumerable<ResolutionRequest> requests, Func<ObjectKey, SecretContent?> secrets, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(requests.Select(async request =>
            (request, answer: _found.GetValueOrDefault(request) ?? await AskAsync(request, secrets, cancellationToken))));
        foreach (var (request, answer) in answers)
        {
            if (answer is Resolution.Found)
            {
                _found[request] = answer;
            }
        }

        return answers.ToDictionary(pair => pair.request, pair => pair.answer);
    }

    private async Task<Resolution> AskAsync(ResolutionRequest request, Func<ObjectKey, SecretContent?> secrets, CancellationToken cancellationToken)
    {
        try
        {
            var stores = request.PullSecrets.Select(name => secrets(new ObjectKey(request.Namespace, name))).OfType<SecretContent>().Select(Store);
            var store = new ChainedCredentialStore([.. stores.OfType<ICredentialStore>(), credentials]);
            return new Resolution.Found(await lookup.FindDigestAsync(Reference.Parse(request.Reference), request.SignatureKeys, store, cancellationToken));
        }
        catch (OciException exception)
        {
            return new Resolution.Failed(exception.Reason, exception.Message, IsFinal: !exception.IsTransient);
        }
    }

    private static DockerConfigCredentialStore? Store(SecretContent secret) =>
        PullSecret.TryExtract(secret.Type, secret.Data, out var dockerConfig, out _) ? DockerConfigCredentialStore.FromPullSecret(dockerConfig) : null;
}
