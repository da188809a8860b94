using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Wagi.Operator.Planning;

/// <summary>Reads the Secrets that <c>imagePullSecrets</c> names.</summary>
public static class PullCredentials
{
    private static readonly Dictionary<string, string> KeysByType = new(StringComparer.Ordinal)
    {
        ["kubernetes.io/dockerconfigjson"] = ".dockerconfigjson",
        ["kubernetes.io/dockercfg"] = ".dockercfg",
    };

    /// <summary>
    /// The credentials in Docker's format, as <see cref="Wagi.Modules.Secrets.ModuleSecrets.DockerConfigs"/> takes them;
    /// <paramref name="error"/> says what is wrong with the Secret and holds nothing of its data.
    /// </summary>
    public static bool TryRead(SecretContent secret, [NotNullWhen(true)] out string? dockerConfig, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(secret);
        dockerConfig = null;
        if (!KeysByType.TryGetValue(secret.Type, out var key))
        {
            error = $"has type '{secret.Type}'; imagePullSecrets takes {string.Join(" and ", KeysByType.Keys.Order(StringComparer.Ordinal))} " +
                "(kubectl create secret docker-registry)";
            return false;
        }

        if (!secret.Data.TryGetValue(key, out var data))
        {
            error = $"does not hold the key '{key}'";
            return false;
        }

        if (!IsJsonObject(data))
        {
            error = $"holds no JSON object under '{key}'";
            return false;
        }

        dockerConfig = Encoding.UTF8.GetString(data);
        error = null;
        return true;
    }

    private static bool IsJsonObject(byte[] data)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
