using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>
/// The image that every pod's namespaces are kept by. It is public, but a node must start without a public registry: so it is
/// compiled from <c>pause.c</c>.
/// </summary>
internal static class PauseImage
{
    /// <summary>Its name.</summary>
    public const string Reference = "wagi.test/pause:1";

    /// <summary>The compilers that can be used.</summary>
    private static readonly string[] Compilers = ["cc", "clang", "gcc"];

    /// <summary>Why there is no compiler, or null.</summary>
    public static string? WhyMissing => Compilers.Any(compiler => TestTools.Find(compiler) is not null) ? null : TestTools.WhyMissing("clang");

    /// <summary>Compiles the program, statically.</summary>
    public static async Task<string> CompileAsync(string path, CancellationToken cancellationToken)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "pause.c");
        var compiler = Compilers.First(compiler => TestTools.Find(compiler) is not null);
        (await Command.RunAsync(compiler, ["-static", "-O2", "-o", path, source], cancellationToken: cancellationToken)).EnsureSuccess();
        return path;
    }

    /// <summary>Writes the image for <c>ctr images import</c>.</summary>
    public static async Task WriteAsync(string program, string archive, CancellationToken cancellationToken) => await ImageArchive.WriteAsync(
        archive, Reference, ["/pause"], [("/pause", await File.ReadAllBytesAsync(program, cancellationToken))], cancellationToken);
}
