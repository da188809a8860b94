using System.Text.RegularExpressions;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>The table in <c>docs/rfc3875.md</c> names, for every section, a test that is there.</summary>
public partial class Rfc3875Tests
{
    // The sections that ask something of a server or of a script.
    private static readonly string[] Sections =
    [
        "3.1", "3.2", "3.3", "3.4",
        "4.1", "4.1.1", "4.1.2", "4.1.3", "4.1.4", "4.1.5", "4.1.6", "4.1.7", "4.1.8", "4.1.9", "4.1.10", "4.1.11", "4.1.12",
        "4.1.13", "4.1.14", "4.1.15", "4.1.16", "4.1.17", "4.1.18",
        "4.2", "4.3.1", "4.3.2", "4.3.3", "4.3.4", "4.4",
        "5",
        "6.1", "6.2.1", "6.2.2", "6.2.3", "6.2.4", "6.3", "6.3.1", "6.3.2", "6.3.3", "6.3.4", "6.3.5", "6.4",
        "7.2", "8.1", "9.1", "9.2", "9.3", "9.4", "9.5", "9.6", "9.7", "9.8", "9.9",
    ];

    private static readonly List<string[]> Rows =
    [
        .. File.ReadLines(Path.Combine(Checkout.Root, "docs", "rfc3875.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && char.IsAsciiDigit(line[2]))
            .Select(line => line.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)),
    ];

    [Fact]
    public void EverySection_HasARow_InItsOrder() =>
        Assert.Equal(Sections, Rows.Select(row => row[0].Split(' ')[0]).Distinct());

    [Fact]
    public void EveryRow_NamesATestThatExists()
    {
        var unfounded = new List<string>();
        foreach (var row in Rows)
        {
            Assert.True(row.Length == 4, $"section {row[0]} has {row.Length} columns");
            var tests = TestName().Matches(row[3]).Select(match => (Class: match.Groups[1].Value, Method: match.Groups[2].Value)).ToList();
            Assert.True(tests.Count > 0, $"section {row[0]} names no test");
            unfounded.AddRange(tests.Where(test => !IsTest(test.Class, test.Method)).Select(test => $"{row[0]}: {test.Class}.{test.Method}"));
        }

        Assert.Empty(unfounded);
    }

    /// <summary>In this program by its types; in the other test projects by their sources.</summary>
    private static bool IsTest(string className, string method) =>
        typeof(Rfc3875Tests).Assembly.GetTypes().FirstOrDefault(type => type.Name == className) is { } type
            ? type.GetMethod(method)?.GetCustomAttributes(typeof(FactAttribute), inherit: false).Length > 0
            : Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), className + ".cs", SearchOption.AllDirectories)
                .Any(file => Regex.IsMatch(File.ReadAllText(file), $@"\[(Fact|Theory)[^{{]* {Regex.Escape(method)}\("));

    [GeneratedRegex("`([A-Za-z0-9]+)\\.([A-Za-z0-9_]+)`")]
    private static partial Regex TestName();
}
