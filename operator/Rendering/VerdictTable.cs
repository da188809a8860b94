using System.Collections.Immutable;
using System.Text;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Problems;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Rendering;

/// <summary>The verdicts as a table for a terminal.</summary>
internal static class VerdictTable
{
    /// <summary>The reason of a module whose manifest cannot be read; the problems below the table say why.</summary>
    private const string Unreadable = "InvalidManifest";

    private static readonly string[] Heading = ["MODULE", "ROUTE", "VERDICT", "REASON"];

    /// <summary>An aligned table of the modules, and below it the problems as compilers print them.</summary>
    /// <param name="verdicts">What the plan says of each module that could be read, now or before.</param>
    /// <param name="unread">The modules whose current text cannot be read: their verdict is about an older text.</param>
    /// <param name="routeOf">A module's route; empty when it is not known.</param>
    /// <param name="problems">What is wrong, in order.</param>
    public static string Write(
        ImmutableArray<Verdict> verdicts, IReadOnlySet<ObjectKey> unread, Func<ObjectKey, string> routeOf, ImmutableArray<Problem> problems)
    {
        var byKey = verdicts.ToDictionary(verdict => verdict.Key);
        List<string[]> rows =
        [
            Heading,
            .. byKey.Keys.Union(unread).OrderBy(key => key.ToString(), StringComparer.Ordinal).Select(key => unread.Contains(key)
                ? [key.ToString(), routeOf(key), Refused(byKey.GetValueOrDefault(key)), Unreadable]
                : Row(byKey[key], routeOf(key))),
        ];
        var text = new StringBuilder(TextTable.Write(rows)).Append('\n');
        foreach (var problem in problems)
        {
            text.Append(problem).Append('\n');
        }

        return text.ToString();
    }

    private static string[] Row(Verdict verdict, string route)
    {
        string[] types = [ConditionType.Accepted, ConditionType.Resolved];
        var obstacle = types.Select(verdict.Condition).FirstOrDefault(condition => condition is { Status: not ConditionStatus.True });
        return [verdict.Key.ToString(), route, obstacle is null ? "accepted" : Refused(verdict), (obstacle ?? verdict.Condition(ConditionType.Programmed))!.Reason];
    }

    private static string Refused(Verdict? verdict) => verdict?.Entry is null ? "refused" : "refused, last good kept";
}
