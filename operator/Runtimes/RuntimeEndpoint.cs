namespace Wagi.Operator.Runtimes;

/// <summary>One runtime and where its admin port is.</summary>
/// <param name="Name">Name of the pod, or the URL as it was given.</param>
/// <param name="Status">The URL of its <c>/status</c>.</param>
internal sealed record RuntimeEndpoint(string Name, Uri Status)
{
    /// <summary>A runtime named on the command line.</summary>
    public static RuntimeEndpoint At(Uri admin)
    {
        var text = admin.ToString().TrimEnd('/');
        return new(text, new Uri(text + "/status"));
    }

    /// <summary>A runtime pod that <see cref="RuntimePod.IsRunning"/>.</summary>
    public static RuntimeEndpoint Of(RuntimePod pod, int adminPort) =>
        new(pod.Metadata.Name, new UriBuilder(Uri.UriSchemeHttp, pod.Status!.PodIP!, adminPort, "status").Uri);
}
