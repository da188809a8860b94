using System.Reflection;
using System.Text.RegularExpressions;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Lists;

/// <summary><c>docs/operations.md</c> says what to do for everything that can be reported, and for nothing else.</summary>
public sealed partial class OperationsTests
{
    private static readonly Page Operations = Page.Get("docs/operations.md");

    /// <summary>Reasons of conditions that are as they should be.</summary>
    private static readonly string[] Good = [ConditionReason.Accepted, ConditionReason.Resolved, ConditionReason.Programmed, ConditionReason.Ready];

    [Fact]
    public void EveryCondition_IsExplained() =>
        AssertSame(Constants(typeof(ConditionType)), Page.FirstCells(Operations.Section("## Conditions")));

    [Fact]
    public void EveryReasonOfTheOperator_HasAnAnswer() =>
        AssertSame(Constants(typeof(ConditionReason)).Except(Good), Page.FirstCells(Operations.Section("## Reasons of the operator")));

    [Fact]
    public void EveryReasonOfARuntime_HasAnAnswer() =>
        AssertSame(Constants(typeof(ModuleReason)).Except(Good), Page.FirstCells(Operations.Section("## Reasons of a runtime")));

    /// <summary>Programs give the same advice as the page, without its links.</summary>
    [Fact]
    public void EveryReason_IsAnsweredByThePrograms_InTheSameWords()
    {
        string[] sections = ["## Reasons of the operator", "## Reasons of a runtime"];
        var answers = sections.SelectMany(Operations.Section)
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Page.FirstCells([line]).Select(reason => (Reason: reason, Text: Plain(line.TrimEnd('|', ' ').Split(" | ")[^1]))))
            .DistinctBy(answer => answer.Reason);

        Assert.Equal(
            answers.OrderBy(answer => answer.Reason, StringComparer.Ordinal),
            ReasonAdvice.All.Select(advice => (advice.Key, advice.Value.Text)).OrderBy(advice => advice.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void EveryAlert_HasAnAnswer() => AssertSame(
        AlertName().Matches(File.ReadAllText(Path.Combine(Checkout.Root, "charts", "wagi-operator", "files", "alerts.yaml"))).Select(match => match.Groups[1].Value),
        Page.FirstCells(Operations.Section("## Alerts")));

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> listed) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);

    private static string Plain(string markdown) => Emphasis().Replace(Link().Replace(markdown, "$1"), "$1").Replace("`", "", StringComparison.Ordinal);

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\*([^*]+)\*")]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"alert: (\w+)")]
    private static partial Regex AlertName();
}
