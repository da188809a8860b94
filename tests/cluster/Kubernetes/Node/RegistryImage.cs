using System.Text;
using System.Text.RegularExpressions;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Registry;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>What <c>registry:2</c> is, made of this machine's <c>docker-registry</c> with the libraries that it needs.</summary>
internal static partial class RegistryImage
{
    private const string Reference = "docker.io/library/registry:2";
    private const string Configuration = "version: 0.1\nstorage: { filesystem: { rootdirectory: /var/lib/registry } }\nhttp: { addr: ':5000' }\n";

    /// <summary>Writes the image for <c>ctr images import</c>.</summary>
    public static async Task WriteAsync(string archive, CancellationToken cancellationToken)
    {
        var program = TestTools.Require(RegistryServer.Program);
        var libraries = (await Command.RunAsync("ldd", [program], cancellationToken: cancellationToken)).Stdout;
        string[] files = [program, .. LibraryPath().Matches(libraries).Select(match => match.Value)];
        await ImageArchive.WriteAsync(
            archive,
            Reference,
            [program, "serve", "/config.yml"],
            [("/config.yml", Encoding.UTF8.GetBytes(Configuration)), .. files.Select(file => (file, File.ReadAllBytes(file)))],
            cancellationToken);
    }

    [GeneratedRegex(@"/\S+(?= \(0x)")]
    private static partial Regex LibraryPath();
}
