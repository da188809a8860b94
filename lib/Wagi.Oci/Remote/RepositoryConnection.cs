using Wagi.Oci.Authentication;
using Wagi.Oci.Errors;
using Wagi.Oci.References;

namespace Wagi.Oci.Remote;

/// <summary>Requests to one repository, with whatever credentials there are for it, and its refusals in words for users.</summary>
internal sealed class RepositoryConnection(Reference reference, ICredentialStore credentials, Transport transport, Authenticator authenticator)
{
    public const string Pull = "pull";
    public const string Push = "pull,push";

    public Reference Reference => reference;

    public Transport Transport => transport;

    /// <summary>What the paths of requests are relative to.</summary>
    public Uri Base { get; } = new(transport.Endpoint.BaseUri(reference.ApiHost), reference.Repository + "/");

    public string MissingRepository => $"repository '{Reference.Repository}' does not exist in registry '{Reference.Registry}'; check its name, or create it";

    public RegistryRequest Request(HttpMethod method, string path) =>
        new(method, new Uri(Base, path)) { Subject = Reference.ToString() };

    public async Task<(HttpResponseMessage Response, bool WithCredential)> SendAsync(
        RegistryRequest request, string actions, CancellationToken cancellationToken)
    {
        // An upload session may live on another host, which must not see this registry's credentials.
        if (request.Uri.Authority != Base.Authority)
        {
            return (await transport.SendAsync(request, cancellationToken), false);
        }

        var found = await credentials.FindAsync(Reference.Registry, Reference.Repository, cancellationToken);
        return await authenticator.SendAsync(request, Reference.Registry, Reference.Repository, actions, found, cancellationToken);
    }

    public async Task<OciException> ErrorAsync(HttpResponseMessage response, bool withCredential, string missing, CancellationToken cancellationToken)
    {
        var subject = Reference.ToString();
        var error = await ErrorResponse.ReadAsync(transport, response, subject, cancellationToken);
        return error.ToException(subject, Reference.Registry, withCredential, missing);
    }
}
