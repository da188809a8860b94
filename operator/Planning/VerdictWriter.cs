using System.Collections.Immutable;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Oci.References;

namespace Wagi.Operator.Planning;

/// <summary>Writes the verdict on a WagiModule: its status and the events about it.</summary>
internal sealed class VerdictWriter(PlanInput input, RuntimeReports runtimes)
{
    /// <summary>The verdict for a module that went through the plan.</summary>
    public Verdict Write(Candidate candidate)
    {
        var builder = new StatusBuilder(candidate.Module, input.Now);
        var ready = SetConditions(candidate, builder);
        var status = new WagiModuleStatus
        {
            ObservedGeneration = candidate.Module.Metadata.Generation,
            Conditions = builder.Conditions,
            ResolvedModule = ResolvedModule(candidate),
            ResolvedFiles = ResolvedFiles(candidate),
            Routes = runtimes.RoutesOf(candidate.Id),
            Runtimes = RuntimeCount.Of(ready, runtimes.Count),
            Url = candidate.Programmed is { } programmed ? ModuleUrl.For(input.Settings.BaseUrl, programmed.Entry) : null,
        };
        return new Verdict
        {
            Key = candidate.Key,
            Status = status,
            StatusChanged = builder.IsChange(status),
            Events = Events(builder, candidate.Module.Status?.ResolvedModule != status.ResolvedModule),
            Entry = candidate.Programmed?.Entry,
            LostTo = candidate.LostTo,
        };
    }

    private static string? Caution(Candidate candidate) =>
        RoutePattern.TryParse(candidate.Module.Spec.Route, out var route, out _) ? route.Caution : null;

    /// <summary>Adds the conditions and returns how many runtimes serve the module as specified.</summary>
    private int SetConditions(Candidate candidate, StatusBuilder conditions)
    {
        var fallback = candidate.Programmed is null ? "it is not served" : "the last good version goes on being served";
        if (candidate.Refusal is { Reason: ConditionReason.Suspended } suspension)
        {
            return Suspend(candidate, suspension.Message, conditions);
        }

        if (candidate.Refusal is { } refusal)
        {
            conditions.Set(ConditionType.Accepted, ConditionStatus.False, refusal.Reason, refusal.Message);
            conditions.Set(ConditionType.Resolved, ConditionStatus.Unknown, ConditionReason.NotAccepted, "not looked at before the module is accepted");
            conditions.Set(ConditionType.Programmed, ConditionStatus.False, ConditionReason.NotAccepted, fallback);
            conditions.Set(ConditionType.Ready, ConditionStatus.False, refusal.Reason, refusal.Message);
            Stall(conditions, refusal.Reason != ConditionReason.Deleting, refusal.Reason, refusal.Message);
            return 0;
        }

        var resolved = candidate.Resolved!;
        conditions.Set(ConditionType.Accepted, ConditionStatus.True, ConditionReason.Accepted,
            "the spec is valid and the module has its route" + (Caution(candidate) is { } caution ? $"; {caution} ({RoutePattern.CautionHint})" : ""));
        conditions.Set(ConditionType.Resolved, resolved.Status, resolved.Reason, resolved.Message);
        if (resolved.Entry is not { Entry: { Revision: { } revision } entry })
        {
            conditions.Set(ConditionType.Programmed, ConditionStatus.False, ConditionReason.NotResolved, fallback);
            conditions.Set(ConditionType.Ready, ConditionStatus.False, resolved.Reason, resolved.Message);
            Stall(conditions, resolved.IsStalled, resolved.Reason, resolved.Message);
            return 0;
        }

        if (candidate.Waits)
        {
            var message = $"its namespace, or all together, have changed much in a short time: this change waits for some seconds, and {fallback} until then";
            conditions.Set(ConditionType.Programmed, ConditionStatus.False, ConditionReason.WriteDelayed, message);
            conditions.Set(ConditionType.Ready, ConditionStatus.False, ConditionReason.WriteDelayed, message);
            return 0;
        }

        var readiness = runtimes.ReadinessOf(entry);
        conditions.Set(ConditionType.Programmed, ConditionStatus.True, ConditionReason.Programmed, $"modules.toml holds the module as revision {revision}");
        conditions.Set(ConditionType.Ready, readiness.Status, readiness.Reason, readiness.Message);
        Stall(conditions, readiness.IsStalled, readiness.Reason, readiness.Message);
        return readiness.Count;
    }

    /// <summary>What is served is judged as ever; what the spec says now is not looked at.</summary>
    private int Suspend(Candidate candidate, string message, StatusBuilder conditions)
    {
        conditions.Set(ConditionType.Accepted, ConditionStatus.Unknown, ConditionReason.Suspended, message);
        conditions.Set(ConditionType.Resolved, ConditionStatus.Unknown, ConditionReason.Suspended, message);
        if (candidate.Programmed is not { Entry: { Revision: { } revision } entry })
        {
            const string Never = "it was suspended before it was served";
            conditions.Set(ConditionType.Programmed, ConditionStatus.False, ConditionReason.Suspended, Never);
            conditions.Set(ConditionType.Ready, ConditionStatus.False, ConditionReason.Suspended, Never);
            Stall(conditions, isStalled: true, ConditionReason.Suspended, Never);
            return 0;
        }

        var readiness = runtimes.ReadinessOf(entry);
        conditions.Set(ConditionType.Programmed, ConditionStatus.True, ConditionReason.Suspended, $"modules.toml keeps the module as revision {revision}");
        conditions.Set(ConditionType.Ready, readiness.Status, readiness.Reason, $"{readiness.Message}; suspended");
        Stall(conditions, readiness.IsStalled, readiness.Reason, readiness.Message);
        return readiness.Count;
    }

    private static void Stall(StatusBuilder conditions, bool isStalled, string reason, string message)
    {
        if (isStalled)
        {
            conditions.Set(ConditionType.Stalled, ConditionStatus.True, reason, message);
        }
    }

    /// <summary>The module in <c>modules.toml</c>, with the tag where it is known.</summary>
    private static string? ResolvedModule(Candidate candidate)
    {
        if (candidate.IsAsSpecified)
        {
            return candidate.Resolved!.Module;
        }

        if (candidate.Programmed is not { Entry.Module: var module })
        {
            return null;
        }

        return Tagged(module, [candidate.Module.Status?.ResolvedModule]);
    }

    /// <summary>The files in <c>modules.toml</c>, with the tags where they are known; null: there are none.</summary>
    private static ImmutableArray<string>? ResolvedFiles(Candidate candidate)
    {
        ImmutableArray<string> files = candidate.IsAsSpecified
            ? candidate.Resolved!.Files
            : [.. (candidate.Programmed?.Entry.Files ?? []).Select(mount => Tagged(mount.Reference, candidate.Module.Status?.ResolvedFiles ?? []))];
        return files.IsEmpty ? null : files;
    }

    /// <summary>The entry has no tag, but the status that named the same digest does.</summary>
    private static string Tagged(ModuleReference module, IEnumerable<string?> before) =>
        module.Scheme != ModuleScheme.Oci
            ? module.ToString()
            : before.FirstOrDefault(text => Reference.TryParse(text, out var reference, out _) && reference.Digest is { } digest
                && module.Value == $"{reference.Registry}/{reference.Repository}@{digest}") ?? module.Value;

    /// <summary>One event for every condition that changed, except where it merely follows from another condition.</summary>
    private static ImmutableArray<PlanEvent> Events(StatusBuilder builder, bool moduleChanged)
    {
        var events = ImmutableArray.CreateBuilder<PlanEvent>();
        foreach (var condition in builder.Conditions)
        {
            var previous = builder.Previous(condition.Type);
            var told = (condition.Type, condition.Status) switch
            {
                (ConditionType.Accepted, ConditionStatus.True) => previous is { Status: not ConditionStatus.True },
                (ConditionType.Resolved, ConditionStatus.True) => moduleChanged || previous?.Status != ConditionStatus.True,
                (ConditionType.Ready, ConditionStatus.True) => previous?.Status != ConditionStatus.True,
                (ConditionType.Accepted or ConditionType.Resolved, ConditionStatus.False) => IsNew(condition, previous),
                (ConditionType.Ready, not ConditionStatus.True) => IsTrouble(condition.Reason) && IsNew(condition, previous),
                _ => false,
            };
            var item = new PlanEvent(
                condition.Status == ConditionStatus.True ? PlanEvent.Normal : PlanEvent.Warning, condition.Reason, condition.Message);
            if (told && !events.Contains(item))
            {
                events.Add(item);
            }
        }

        return events.ToImmutable();
    }

    private static bool IsNew(Condition condition, Condition? previous) =>
        previous is null || previous.Status != condition.Status || previous.Reason != condition.Reason;

    /// <summary>Every change begins with loading and waiting, which is no trouble.</summary>
    private static bool IsTrouble(string reason) =>
        reason is not (ConditionReason.Updating or ConditionReason.WriteDelayed or ConditionReason.Resolving or ConditionReason.Deleting
            or Wagi.Modules.Status.ModuleReason.Loading or Wagi.Modules.Status.ModuleReason.SecretsPending);
}

/// <summary>Where a client reaches a module.</summary>
internal static class ModuleUrl
{
    /// <summary>
    /// The base URL with the module's first named host and its path; null without a base URL, or when all of the hosts are wildcards.
    /// </summary>
    public static string? For(Uri? baseUrl, ModuleEntry entry)
    {
        if (baseUrl is null)
        {
            return null;
        }

        var url = new UriBuilder(baseUrl);
        if (!entry.Hosts.IsDefaultOrEmpty)
        {
            if (entry.Hosts.FirstOrDefault(host => !host.IsWildcard) is not { } host)
            {
                return null;
            }

            url.Host = host.Name;
        }

        var path = url.Path.TrimEnd('/') + entry.Route.Path;
        url.Path = path.Length == 0 ? "/" : path;
        return url.Uri.AbsoluteUri;
    }
}
