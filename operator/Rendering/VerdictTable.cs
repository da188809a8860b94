using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Problems;
using Wagi.Operator.Planning;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Rendering;

/// <summary>The verdicts for a person at a terminal.</summary>
internal static class VerdictTable
{
    private static readonly string[] Heading = ["MODULE", "ROUTE", "VERDICT", "REASON"];

    /// <summary>An aligned table of the modules, and below it the problems as compilers print them.</summary>
    public static string Write(IEnumerable<Verdict> verdicts, Func<ObjectKey, string> routeOf, ImmutableArray<Problem> problems)
    {
        List<string[]> rows = [Heading, .. verdicts.Select(verdict => Row(verdict, routeOf(verdict.Key)))];
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            for (var column = 0; column < row.Length - 1; column++)
            {
                text.Append(row[column].PadRight(rows.Max(other => other[column].Length) + 2));
            }

            text.Append(row[^1]).Append('\n');
        }

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
        var word = (obstacle, verdict.Entry) switch
        {
            (null, _) => "accepted",
            (_, null) => "refused",
            _ => "refused, last good kept",
        };
        return [verdict.Key.ToString(), route, word, (obstacle ?? verdict.Condition(ConditionType.Programmed))!.Reason];
    }
}
