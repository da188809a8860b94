using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Wagi.Oci.Authentication;

/// <summary>A Kubernetes Secret that <c>imagePullSecrets</c> names (Kubernetes, "Pull an Image from a Private Registry").</summary>
public static class PullSecret
{
    private static readonly SortedDictionary<string, string> KeysByType = new(StringComparer.Ordinal)
    {
        ["kubernetes.io/dockercfg"] = ".dockercfg",
        ["kubernetes.io/dockerconfigjson"] = ".dockerconfigjson",
    };

    /// <summary>
    /// Takes the credentials out of a Secret, in either of Docker's formats; <see cref="DockerConfigCredentialStore.FromPullSecret"/> reads both.
    /// </summary>
    /// <param name="type">The Secret's <c>type</c>.</param>
    /// <param name="data">Its keys and decoded values.</param>
    /// <param name="dockerConfig">The credentials, if there are any.</param>
    /// <param name="error">What is wrong with the Secret otherwise, as the rest of a sentence; it holds nothing of the data.</param>
    public static bool TryExtract(
        string type, IReadOnlyDictionary<string, byte[]> data, [NotNullWhen(true)] out string? dockerConfig, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(data);
        dockerConfig = null;
        if (!KeysByType.TryGetValue(type, out var key))
        {
            error = $"has type '{type}'; imagePullSecrets takes {string.Join(" and ", KeysByType.Keys)} (kubectl create secret docker-registry)";
        }
        else if (!data.TryGetValue(key, out var json))
        {
            error = $"does not hold the key '{key}'";
        }
        else if (!IsJsonObject(json))
        {
            error = $"holds no JSON object under '{key}'";
        }
        else
        {
            dockerConfig = Encoding.UTF8.GetString(json);
            error = null;
            return true;
        }

        return false;
    }

    private static bool IsJsonObject(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
