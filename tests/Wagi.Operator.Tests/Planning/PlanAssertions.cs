using System.Globalization;
using Wagi.Kubernetes.ApiServer;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>What a user sees of a plan.</summary>
internal static class PlanAssertions
{
    public static Verdict Verdict(this Plan plan, string name, string ns = "default") =>
        Assert.Single(plan.Verdicts, verdict => verdict.Key == new ObjectKey(ns, name));

    /// <summary>The conditions as <c>type=status reason</c>, in order.</summary>
    public static string[] Conditions(this Verdict verdict) =>
        [.. verdict.Status.Conditions!.Select(condition => string.Create(CultureInfo.InvariantCulture, $"{condition.Type}={condition.Status} {condition.Reason}"))];

    /// <summary>Asserts a condition and gives its message.</summary>
    public static string Expect(this Verdict verdict, string type, string status, string reason)
    {
        var condition = verdict.Condition(type);
        Assert.NotNull(condition);
        Assert.Equal($"{status} {reason}", $"{condition.Status} {condition.Reason}");
        return condition.Message;
    }
}
