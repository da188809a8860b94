using System.Collections.Immutable;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Rendering;

/// <summary>The verdicts as a table for a terminal.</summary>
internal static class VerdictTable
{
    /// <summary>The reason of a module whose manifest cannot be read; the problems below the table say why.</summary>
    private const string Unreadable = "InvalidManifest";

    private static readonly string[] Heading = ["MODULE", "ROUTE", "VERDICT", "REASON"];

    /// <summary>A row for each module.</summary>
    /// <param name="verdicts">What the plan says of each module that could be read, now or before.</param>
    /// <param name="unread">The modules whose current text cannot be read: their verdict is about an older text.</param>
    /// <param name="routeOf">A module's route; empty when it is not known.</param>
    public static ImmutableArray<VerdictRow> Rows(ImmutableArray<Verdict> verdicts, IReadOnlySet<ObjectKey> unread, Func<ObjectKey, string> routeOf)
    {
        var byKey = verdicts.ToDictionary(verdict => verdict.Key);
        return
        [
            .. byKey.Keys.Union(unread).OrderBy(key => key.ToString(), StringComparer.Ordinal).Select(key => unread.Contains(key)
                ? new VerdictRow(key, routeOf(key), Refused(byKey.GetValueOrDefault(key)), Unreadable, byKey.GetValueOrDefault(key)?.Entry)
                : Row(byKey[key], routeOf(key))),
        ];
    }

    /// <summary>An aligned table of the modules.</summary>
    public static string Write(IEnumerable<VerdictRow> rows) =>
        TextTable.Write([Heading, .. rows.Select(row => new[] { row.Module.ToString(), row.Route, row.Verdict, row.Reason })]) + "\n";

    private static VerdictRow Row(Verdict verdict, string route)
    {
        string[] types = [ConditionType.Accepted, ConditionType.Resolved];
        var obstacle = types.Select(verdict.Condition).FirstOrDefault(condition => condition is { Status: not ConditionStatus.True });
        var reason = (obstacle ?? verdict.Condition(ConditionType.Programmed))!.Reason;
        return new VerdictRow(verdict.Key, route, obstacle is null ? "accepted" : Refused(verdict), reason, verdict.Entry);
    }

    private static string Refused(Verdict? verdict) => verdict?.Entry is null ? "refused" : "refused, last good kept";
}

/// <summary>What a person is told of one module.</summary>
/// <param name="Module">Which.</param>
/// <param name="Route">Its route; empty when it is not known.</param>
/// <param name="Verdict">What has become of it.</param>
/// <param name="Reason">Why.</param>
/// <param name="Entry">What is served; null: nothing.</param>
internal sealed record VerdictRow(ObjectKey Module, string Route, string Verdict, string Reason, ModuleEntry? Entry)
{
    /// <summary>Of one that is no longer there.</summary>
    public VerdictRow Removed => this with { Verdict = "removed", Reason = "", Entry = null };

    /// <summary>Whether there is nothing to tell that was not told of the module before.</summary>
    public bool IsSameAs(VerdictRow before) =>
        this with { Entry = null } == before with { Entry = null }
        && (Entry is null ? before.Entry is null : before.Entry is not null && Entry.HasSameMeaningAs(before.Entry));
}
