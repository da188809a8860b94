using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Wagi.Operator.Applying;

/// <summary>What the runtimes read: the ConfigMap with <c>modules.toml</c> and the Secret that goes with it.</summary>
/// <param name="configMap">The ConfigMap.</param>
/// <param name="secret">The Secret.</param>
internal sealed class GeneratedObjects(GeneratedObject configMap, GeneratedObject secret)
{
    /// <summary>The key in the ConfigMap, which is a file name once it is mounted.</summary>
    public const string TomlKey = "modules.toml";

    /// <summary>What the runtimes read now; the text is null when there is no ConfigMap.</summary>
    public async Task<(string? Toml, ImmutableSortedDictionary<string, byte[]> Secrets)> ReadAsync(CancellationToken cancellationToken)
    {
        var files = await configMap.ReadAsync(cancellationToken);
        var secrets = await secret.ReadAsync(cancellationToken);
        var toml = files is not null && files.TryGetValue(TomlKey, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;
        return (toml, secrets ?? ImmutableSortedDictionary<string, byte[]>.Empty);
    }

    /// <summary>How many bytes <see cref="WriteAsync"/> would write; 0: everything is as it should be.</summary>
    public long BytesToWrite(string toml, ImmutableSortedDictionary<string, byte[]> secrets) =>
        secret.BytesToWrite(secrets) + configMap.BytesToWrite(Files(toml));

    /// <summary>Writes both, the Secret first, so that no entry waits long for its secrets.</summary>
    /// <returns>A digest of both that reveals no secret value, and whether something had to be written.</returns>
    public async Task<(string Value, bool IsNew)> WriteAsync(
        string toml, ImmutableSortedDictionary<string, byte[]> secrets, CancellationToken cancellationToken)
    {
        var secretIsNew = await secret.WriteAsync(secrets, cancellationToken);
        var configMapIsNew = await configMap.WriteAsync(Files(toml), cancellationToken);
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{secret.ResourceVersion}\n{toml}"));
        return ("sha256:" + Convert.ToHexStringLower(digest), secretIsNew || configMapIsNew);
    }

    private static ImmutableSortedDictionary<string, byte[]> Files(string toml) =>
        ImmutableSortedDictionary<string, byte[]>.Empty.Add(TomlKey, Encoding.UTF8.GetBytes(toml));
}
