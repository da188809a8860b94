using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Console;

/// <summary>Looks at a console with a real browser, as a script of this folder says.</summary>
internal static class ConsoleBrowser
{
    /// <summary>The folder of the documentation's pictures.</summary>
    public static string Pictures { get; } = Path.Combine(Checkout.Root, "docs", "images");

    /// <summary>Skips the test where there is no browser, or nothing to look at.</summary>
    public static void SkipWithout()
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi) || !File.Exists(Checkout.Operator), "the programs are not published: run 'make publish'");
        var missing = TestTools.WhyMissing("node", "chromium", "playwright-core");
        Assert.SkipWhen(missing is not null, missing ?? "");
    }

    /// <summary>Skips the test unless <c>WAGI_PICTURES</c> is set: a test run leaves the checkout as it was.</summary>
    public static void SkipUnlessPicturesAreAskedFor() =>
        Assert.SkipWhen(Environment.GetEnvironmentVariable("WAGI_PICTURES") is null, "WAGI_PICTURES is not set: no pictures are asked for");

    /// <summary>Runs a scenario of a script.</summary>
    /// <param name="script">The script's file.</param>
    /// <param name="scenario">The scenario.</param>
    /// <param name="url">The console.</param>
    /// <param name="log">What the program logged, in case that something is not as it should be.</param>
    /// <param name="more">Further arguments.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task LookAsync(string script, string scenario, string url, Func<string> log, IEnumerable<string> more, CancellationToken cancellation)
    {
        var playwright = Path.Combine(Path.GetDirectoryName(TestTools.Require("playwright-core"))!, "..", "node_modules", "playwright-core");
        var look = await Command.RunAsync(
            "node",
            [Path.Combine(Checkout.Root, "tests", "EndToEnd", "Console", script), playwright, TestTools.Require("chromium"), scenario, url, .. more],
            timeout: TimeSpan.FromMinutes(3),
            cancellationToken: cancellation);
        Assert.True(look.ExitCode == 0, $"{log()}\n{look.Stdout}{look.Stderr}");
    }
}
