using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Product;

/// <summary>The programs of one version, and the CRDs that come with them.</summary>
/// <param name="Runtime">Path of <c>wagi</c>.</param>
/// <param name="Operator">Path of <c>wagi-operator</c>.</param>
/// <param name="Crds">The folder of the CRDs.</param>
public sealed record Release(string Runtime, string Operator, string Crds)
{
    private static readonly string PreviousCommit =
        File.ReadLines(Path.Combine(Checkout.Root, "tests", "cluster", "previous-release")).First(line => line.Length > 0 && char.IsAsciiHexDigitLower(line[0]));

    private static readonly string PreviousFolder = Path.Combine(TestTools.CacheDirectory, "previous-release", PreviousCommit);

    /// <summary>This version, as <c>make publish</c> made it.</summary>
    public static Release This { get; } = new(Checkout.Wagi, Checkout.Operator, Checkout.Crds);

    /// <summary>The version before, as <c>tests/cluster/build-previous-release</c> made it.</summary>
    public static Release Previous { get; } = new(
        Path.Combine(PreviousFolder, "runtime", "wagi"), Path.Combine(PreviousFolder, "operator", "wagi-operator"), Path.Combine(PreviousFolder, "crds"));

    /// <summary>Why <see cref="Previous"/> is not there, or null when it is.</summary>
    public static async Task<string?> WhyNoPreviousAsync(CancellationToken cancellation)
    {
        if (TestTools.WhyNoProcess is not null || Directory.Exists(PreviousFolder))
        {
            return TestTools.WhyNoProcess;
        }

        var found = await Command.RunAsync("git", ["-C", Checkout.Root, "cat-file", "-e", PreviousCommit + "^{commit}"], cancellationToken: cancellation);
        return found.ExitCode == 0
            ? "the previous release is not built: run tests/cluster/build-previous-release"
            : $"this clone does not reach back to the previous release, {PreviousCommit}: run git fetch --unshallow, then tests/cluster/build-previous-release";
    }
}
