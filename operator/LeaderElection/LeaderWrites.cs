using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.LeaderElection;

/// <summary>Lets writes to the API server pass while this instance leads, and those by which it comes to lead.</summary>
/// <param name="term">Whether it leads.</param>
internal sealed class LeaderWrites(LeaderTerm term) : DelegatingHandler
{
    // By the group: a WagiModule may be called "leases".
    private static readonly string Leases = $"/apis/{ApiResource.Leases.Group}/";

    /// <inheritdoc/>
    /// <exception cref="HttpRequestException">The request would write, and this instance does not lead.</exception>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Method == HttpMethod.Get || term.IsOn || request.RequestUri!.AbsolutePath.Contains(Leases, StringComparison.Ordinal)
            ? base.SendAsync(request, cancellationToken)
            : throw new HttpRequestException("this instance does not lead any more");
}
