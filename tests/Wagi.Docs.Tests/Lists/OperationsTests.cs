using System.Reflection;
using System.Text.RegularExpressions;
using Wagi.Docs.Tests.Pages;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
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

    [Fact]
    public void EveryAlert_HasAnAnswer() => AssertSame(
        AlertName().Matches(File.ReadAllText(Path.Combine(Checkout.Root, "charts", "wagi-operator", "files", "alerts.yaml"))).Select(match => match.Groups[1].Value),
        Page.FirstCells(Operations.Section("## Alerts")));

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> listed) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetValue(null)!);

    [GeneratedRegex(@"alert: (\w+)")]
    private static partial Regex AlertName();
}
