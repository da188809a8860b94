using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Secrets;
using Wagi.Oci.Authentication;

namespace Wagi.Operator.Planning;

/// <summary>
/// Reads the Secrets and ConfigMaps that one WagiModule names, in its own namespace and no other. Messages hold names, never values.
/// </summary>
internal sealed class ReferenceReader(PlanInput input, string @namespace, References references)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ImmutableSortedDictionary<string, string>.Builder _environment = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
    private readonly ImmutableSortedDictionary<string, string>.Builder _secretEnvironment = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
    private readonly ImmutableArray<string>.Builder _dockerConfigs = ImmutableArray.CreateBuilder<string>();
    private readonly List<string> _version = [];
    private readonly List<string> _credentialsVersion = [];

    /// <summary>What is missing or cannot be used: reason and message.</summary>
    public List<(string Reason, string Message)> Problems { get; } = [];

    /// <summary>Objects that have not been read yet.</summary>
    public List<string> Pending { get; } = [];

    /// <summary>Values from ConfigMaps.</summary>
    public ImmutableSortedDictionary<string, string> Environment => _environment.ToImmutable();

    /// <summary>Changes with the pull secrets.</summary>
    public string CredentialsVersion => _credentialsVersion.Count == 0 ? "" : ContentHash.Of(_credentialsVersion);

    /// <summary>
    /// What goes through the generated Secret; null: nothing. A pull secret that is rotated makes no new version of it: what is loaded needs no
    /// credentials any more, and the next load takes those that are mounted then.
    /// </summary>
    public ModuleSecrets? Secrets => _version.Count + _credentialsVersion.Count == 0
        ? null
        : new ModuleSecrets
        {
            Version = ContentHash.Of([.. _version, _dockerConfigs.Count.ToString(CultureInfo.InvariantCulture)]),
            Environment = _secretEnvironment.ToImmutable(),
            DockerConfigs = _dockerConfigs.ToImmutable(),
        };

    /// <summary>Reads the value of a variable.</summary>
    public void Read(ReferencedVariable variable)
    {
        if (variable.Source == VariableSource.Secret)
        {
            ReadSecret(variable);
        }
        else
        {
            ReadConfigMap(variable);
        }
    }

    /// <summary>Reads the credentials in a pull secret.</summary>
    public void ReadPullSecret(string name)
    {
        var key = new ObjectKey(@namespace, name);
        if (!TryGetSecret(key, "imagePullSecrets", optional: false, out var secret))
        {
            return;
        }

        if (!PullSecret.TryExtract(secret!.Type, secret.Data, out var dockerConfig, out var error))
        {
            Problems.Add((ConditionReason.SecretUnusable, $"Secret {key} (imagePullSecrets) {error}"));
            return;
        }

        _dockerConfigs.Add(dockerConfig);
        _credentialsVersion.AddRange([key.ToString(), secret.Uid, secret.ResourceVersion]);
    }

    private void ReadSecret(ReferencedVariable variable)
    {
        var key = new ObjectKey(@namespace, variable.Object);
        if (!TryGetSecret(key, $"env {variable.Name}", variable.Optional, out var secret))
        {
            return;
        }

        if (!secret!.Data.TryGetValue(variable.Key, out var bytes))
        {
            if (!variable.Optional)
            {
                Problems.Add((ConditionReason.SecretKeyNotFound, $"Secret {key} has no key '{variable.Key}' (env {variable.Name})"));
            }

            return;
        }

        if (Decode(bytes) is not { } value)
        {
            Problems.Add((ConditionReason.SecretUnusable, $"key '{variable.Key}' of Secret {key} (env {variable.Name}) is not UTF-8 text without NUL"));
            return;
        }

        _secretEnvironment[variable.Name] = value;

        // From the Secret's identity, never from its values: a hash of a short value gives the value away.
        _version.AddRange([variable.Name, key.ToString(), variable.Key, secret.Uid, secret.ResourceVersion]);
    }

    private bool TryGetSecret(ObjectKey key, string use, bool optional, out SecretContent? secret)
    {
        references.Secrets.Add(key);
        if (!input.Secrets.TryGetValue(key, out secret))
        {
            Pending.Add($"Secret {key}");
        }
        else if (secret is null && !optional)
        {
            Problems.Add((ConditionReason.SecretNotFound, $"Secret {key} does not exist ({use})"));
        }

        return secret is not null;
    }

    private void ReadConfigMap(ReferencedVariable variable)
    {
        var key = new ObjectKey(@namespace, variable.Object);
        references.ConfigMaps.Add(key);
        if (!input.ConfigMaps.TryGetValue(key, out var configMap))
        {
            Pending.Add($"ConfigMap {key}");
        }
        else if (configMap is null)
        {
            if (!variable.Optional)
            {
                Problems.Add((ConditionReason.ConfigMapNotFound, $"ConfigMap {key} does not exist (env {variable.Name})"));
            }
        }
        else if (!configMap.Data.TryGetValue(variable.Key, out var value))
        {
            if (!variable.Optional)
            {
                Problems.Add((ConditionReason.ConfigMapKeyNotFound, $"ConfigMap {key} has no key '{variable.Key}' (env {variable.Name})"));
            }
        }
        else if (value.Contains('\0', StringComparison.Ordinal))
        {
            Problems.Add((ConditionReason.ConfigMapUnusable, $"key '{variable.Key}' of ConfigMap {key} (env {variable.Name}) holds a NUL character"));
        }
        else
        {
            _environment[variable.Name] = value;
        }
    }

    private static string? Decode(byte[] bytes)
    {
        if (bytes.Contains((byte)0))
        {
            return null;
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>Collects what the WagiModules refer to, for the next plan.</summary>
internal sealed class References
{
    public ImmutableHashSet<ResolutionRequest>.Builder Resolutions { get; } = ImmutableHashSet.CreateBuilder<ResolutionRequest>();

    public ImmutableSortedSet<ObjectKey>.Builder Secrets { get; } = ImmutableSortedSet.CreateBuilder(ObjectKey.Order);

    public ImmutableSortedSet<ObjectKey>.Builder ConfigMaps { get; } = ImmutableSortedSet.CreateBuilder(ObjectKey.Order);
}
