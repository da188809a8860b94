using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;
using YamlDotNet.Core;

namespace Wagi.Kubernetes.ApiServer;

/// <summary>Finds out how to reach the API server.</summary>
public static class Kubeconfig
{
    private const string EnvironmentVariable = "KUBECONFIG";

    /// <summary>
    /// In the order that other operators use: the file that was named, the files of <c>KUBECONFIG</c>, the pod's service account,
    /// <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="file">A kubeconfig file; null: none was named.</param>
    /// <param name="context">A context of the kubeconfig; null: its current one.</param>
    /// <exception cref="KubeconfigException">There is none, or it cannot be used.</exception>
    public static KubernetesClientConfiguration Load(string? file, string? context)
    {
        if (file is not null)
        {
            return LoadFiles([file], context);
        }

        var listed = (Environment.GetEnvironmentVariable(EnvironmentVariable) ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        // As with kubectl, some of the files may be missing.
        var existing = listed.Where(File.Exists).ToArray();
        if (existing.Length > 0)
        {
            return LoadFiles(existing, context);
        }

        if (listed.Length > 0)
        {
            throw new KubeconfigException($"{EnvironmentVariable} names no file that exists: {string.Join(", ", listed)}");
        }

        if (KubernetesClientConfiguration.IsInCluster())
        {
            return KubernetesClientConfiguration.InClusterConfig();
        }

        var home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
        return File.Exists(home)
            ? LoadFiles([home], context)
            : throw new KubeconfigException(
                $"no cluster to connect to: not running in a pod, and there is no {home}; give --kubeconfig FILE or set {EnvironmentVariable}");
    }

    /// <summary>Several files as one, the first wins.</summary>
    /// <exception cref="KubeconfigException">They cannot be used.</exception>
    internal static KubernetesClientConfiguration LoadFiles(string[] files, string? context)
    {
        var names = string.Join(", ", files);
        try
        {
            var merged = Merge(files.Select(Read));
            CheckContext(merged, context, names);
            return KubernetesClientConfiguration.BuildConfigFromConfigObject(merged, context);
        }
        catch (Exception exception) when (exception is KubeConfigException or IOException or UnauthorizedAccessException
            or FormatException or UriFormatException or System.Security.Cryptography.CryptographicException)
        {
            throw new KubeconfigException($"kubeconfig {names} cannot be used: {exception.Message}");
        }
    }

    private static K8SConfiguration Read(string file)
    {
        if (string.IsNullOrWhiteSpace(File.ReadAllText(file)))
        {
            return new K8SConfiguration(); // as for kubectl; the library trips over it
        }

        var config = Parse(file);
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        // Relative to the file that names them, which a merged configuration does not know.
        foreach (var endpoint in config.Clusters?.Select(cluster => cluster.ClusterEndpoint).OfType<ClusterEndpoint>() ?? [])
        {
            endpoint.CertificateAuthority = Absolute(endpoint.CertificateAuthority);
        }

        foreach (var credentials in config.Users?.Select(user => user.UserCredentials).OfType<UserCredentials>() ?? [])
        {
            credentials.ClientCertificate = Absolute(credentials.ClientCertificate);
            credentials.ClientKey = Absolute(credentials.ClientKey);
        }

        return config;

        string? Absolute(string? path) => string.IsNullOrEmpty(path) ? path : Path.Combine(folder, path);
    }

    /// <summary>The library's own messages name its types.</summary>
    private static K8SConfiguration Parse(string file)
    {
        const string Other = "this is not what a kubeconfig has here";
        try
        {
            return KubernetesClientConfiguration.LoadKubeConfig(new FileInfo(file));
        }
        catch (YamlException exception)
        {
            var text = exception is SyntaxErrorException or SemanticErrorException ? exception.Message.TrimEnd('.') : Other;
            var start = (exception.GetBaseException() as YamlException ?? exception).Start;
            throw new KubeconfigException($"kubeconfig {file}:{start.Line}:{start.Column} cannot be used: {text}");
        }
        catch (InvalidCastException)
        {
            throw new KubeconfigException($"kubeconfig {file} cannot be used: {Other}");
        }
    }

    /// <summary>As kubectl merges: what comes first wins.</summary>
    private static K8SConfiguration Merge(IEnumerable<K8SConfiguration> configs)
    {
        var all = configs.ToList();
        var merged = all[0];
        merged.CurrentContext = all.Select(config => config.CurrentContext).FirstOrDefault(context => !string.IsNullOrEmpty(context));
        merged.Contexts = [.. all.SelectMany(config => config.Contexts ?? []).DistinctBy(context => context.Name)];
        merged.Clusters = [.. all.SelectMany(config => config.Clusters ?? []).DistinctBy(cluster => cluster.Name)];
        merged.Users = [.. all.SelectMany(config => config.Users ?? []).DistinctBy(user => user.Name)];
        return merged;
    }

    private static void CheckContext(K8SConfiguration config, string? context, string names)
    {
        var known = config.Contexts?.Select(known => known.Name).ToList() ?? [];
        var wanted = context ?? config.CurrentContext;
        if (string.IsNullOrEmpty(wanted))
        {
            throw new KubeconfigException(known.Count == 0
                ? $"kubeconfig {names} has no contexts: nothing in it says which cluster is meant"
                : $"kubeconfig {names} has no current context; give --context, one of: {string.Join(", ", known)}");
        }

        if (!known.Contains(wanted))
        {
            throw new KubeconfigException($"kubeconfig {names} has no context '{wanted}'; it has: {string.Join(", ", known)}");
        }

        var details = config.Contexts!.First(known => known.Name == wanted).ContextDetails;
        CheckName("cluster", details?.Cluster, config.Clusters.Select(cluster => cluster.Name));
        CheckName("user", details?.User, config.Users.Select(user => user.Name));

        void CheckName(string what, string? name, IEnumerable<string> there)
        {
            if (!string.IsNullOrEmpty(name) && !there.Contains(name))
            {
                throw new KubeconfigException($"kubeconfig {names} has no {what} '{name}', which its context '{wanted}' names");
            }
        }
    }
}

/// <summary>There is no way to the API server. The message is for the user.</summary>
public sealed class KubeconfigException(string message) : Exception(message);
