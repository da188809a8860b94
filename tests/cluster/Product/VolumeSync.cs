using System.Text.Json;
using Wagi.TestCluster.Kubernetes;

namespace Wagi.TestCluster.Product;

/// <summary>
/// Stands in for a kubelet: follows one ConfigMap or Secret of the API server and projects it into a folder the way that a
/// kubelet does.
/// </summary>
public sealed class VolumeSync : IAsyncDisposable
{
    private readonly ControlPlane _controlPlane;
    private readonly string _path;
    private readonly ConfigMapVolume _volume;
    private readonly bool _isSecret;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public VolumeSync(ControlPlane controlPlane, string resource, string @namespace, string name, ConfigMapVolume volume)
    {
        _controlPlane = controlPlane;
        _path = $"/api/v1/namespaces/{@namespace}/{resource}/{name}";
        _volume = volume;
        _isSecret = resource == "secrets";
        _loop = Task.Run(RunAsync);
    }

    private async Task RunAsync()
    {
        var version = "";
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                using var document = await _controlPlane.GetJsonAsync(_path, _stopping.Token);
                var seen = document?.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? "";
                if (document is not null && seen != version)
                {
                    _volume.Project(DataOf(document.RootElement));
                    version = seen;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(25), _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (HttpRequestException)
            {
                // The API server is down, as some tests want it: a kubelet would go on trying, too.
            }
        }
    }

    private Dictionary<string, byte[]> DataOf(JsonElement document) =>
        document.TryGetProperty("data", out var data)
            ? data.EnumerateObject().ToDictionary(
                pair => pair.Name,
                pair => _isSecret ? pair.Value.GetBytesFromBase64() : System.Text.Encoding.UTF8.GetBytes(pair.Value.GetString()!))
            : [];

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }
}
