using System.Text.RegularExpressions;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary>Pages that say how many languages there are samples in.</summary>
public sealed partial class LanguagesTests
{
    // What is no language there: what they make, and handlers of wasi:http, which are in C and Rust.
    private static readonly string[] Others = ["modules", "http", "wasip2"];

    private static readonly string[] Numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/contributing.md")]
    public void NumberOfLanguages_IsThatOfTheSamples(string page)
    {
        var samples = Directory.EnumerateDirectories(Path.Combine(Checkout.Root, "samples")).Select(folder => Path.GetFileName(folder)).Except(Others).Count();
        var told = Languages().Matches(File.ReadAllText(Path.Combine(Checkout.Root, page))).Select(match => match.Groups[1].Value);

        Assert.Equal([Numbers[samples]], told.Distinct());
    }

    [GeneratedRegex(@"\b(\w+) languages\b")]
    private static partial Regex Languages();
}
