using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;

namespace Wagi.Operator.Planning;

/// <summary>What the runtimes report, by module.</summary>
internal sealed partial class RuntimeReports
{
    /// <summary>So much of what one group of runtimes says that the others are heard too.</summary>
    private const int GroupMessage = BoundedText.Message / 2;

    private const string EntryHeader = "[[module]]";

    private static readonly HashSet<string> FinalReasons =
    [
        ModuleReason.DigestMismatch, ModuleReason.SignatureInvalid, ModuleReason.NotWasm, ModuleReason.UnknownImport,
        ModuleReason.CompileFailed, ModuleReason.EntrypointMissing, ModuleReason.RoutesFailed, ModuleReason.RouteConflict, ModuleReason.InvalidEntry,
    ];

    private readonly (RuntimeReport Report, Dictionary<string, ModuleStatus> Modules)[] _runtimes;
    private readonly string _tomlDigest;
    private readonly string _toml;

    /// <param name="runtimes">One report for every runtime.</param>
    /// <param name="toml">The <c>modules.toml</c> that they are to serve.</param>
    public RuntimeReports(IEnumerable<RuntimeReport> runtimes, string toml)
    {
        var all = runtimes.OrderBy(report => report.Name, StringComparer.Ordinal).ToList();
        var serving = all.Where(report => report.TakesRequests).ToList();
        // While none receives requests, the others are all there is to go by.
        _tomlDigest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(toml)));
        _toml = toml;
        Behind = [.. all.Where(report => report.Status is { } status && status.Configuration.Digest != _tomlDigest).Select(report => report.Name)];
        _runtimes = [.. (serving.Count > 0 ? serving : all).Select(report => (report, ById(report)))];
    }

    private static Dictionary<string, ModuleStatus> ById(RuntimeReport report)
    {
        var byId = new Dictionary<string, ModuleStatus>(StringComparer.Ordinal);
        foreach (var module in report.Status is { Modules: { IsDefault: false } modules } ? modules : [])
        {
            byId.TryAdd(module.Id, module);
        }

        return byId;
    }

    /// <summary>Names of the runtimes that have read another <c>modules.toml</c>, or none, whether they receive requests or not.</summary>
    public ImmutableHashSet<string> Behind { get; }

    /// <summary>The number of runtimes that receive requests; of all while none does.</summary>
    public int Count => _runtimes.Length;

    /// <summary>The routes that every runtime serving a module answers, whichever version of the module it serves; null: none.</summary>
    public IReadOnlyList<string>? RoutesOf(string id)
    {
        HashSet<string>? common = null;
        foreach (var (_, modules) in _runtimes)
        {
            if (modules.GetValueOrDefault(id) is { Routes.Length: > 0 } module)
            {
                if (common is null)
                {
                    common = new HashSet<string>(module.Routes, StringComparer.Ordinal);
                }
                else
                {
                    common.IntersectWith(module.Routes);
                }
            }
        }

        return common is { Count: > 0 } ? [.. common.Order(StringComparer.Ordinal)] : null;
    }

    /// <summary>How far the runtimes are with a revision of an entry.</summary>
    public RuntimeReadiness ReadinessOf(ModuleEntry entry)
    {
        if (_runtimes.Length == 0)
        {
            return new RuntimeReadiness(0, ConditionStatus.False, ConditionReason.NoRuntimes, "there is no runtime; check the runtime's pods", IsStalled: false);
        }

        var lagging = _runtimes.Select(runtime => Classify(runtime.Report, runtime.Modules, entry)).OfType<Lag>().ToList();
        var ready = _runtimes.Length - lagging.Count;
        if (lagging.Count == 0)
        {
            return new RuntimeReadiness(ready, ConditionStatus.True, ConditionReason.Ready, string.Join("; ", ["served by every runtime", .. Remarks(entry.Id)]), IsStalled: false);
        }

        var groups = lagging
            .GroupBy(lag => (lag.Rank, lag.Reason))
            .OrderBy(group => group.Key.Rank)
            .ThenByDescending(group => group.Count())
            .ThenBy(group => group.Key.Reason, StringComparer.Ordinal)
            .ToList();
        var (rank, reason) = groups[0].Key;
        return new RuntimeReadiness(
            ready,
            rank == LagRank.Unreachable ? ConditionStatus.Unknown : ConditionStatus.False,
            reason,
            string.Join("; ", groups.Select(group => $"{Of(group.Count())}: {Describe(group.First(), isReason: group == groups[0])}")),
            IsStalled: rank == LagRank.Failed && FinalReasons.Contains(reason));
    }

    /// <summary>
    /// What the runtimes have to say about a module that they serve, such as sub-routes that are left out. It is the same whichever of them
    /// says it, and however many: a new one that agrees changes nothing.
    /// </summary>
    private IEnumerable<string> Remarks(string id) => _runtimes
        .Select(runtime => runtime.Modules[id].Message)
        .Where(message => message.Length > 0)
        .Distinct(StringComparer.Ordinal)
        .Order(StringComparer.Ordinal)
        .Select(message => BoundedText.Shorten(message, GroupMessage));

    private Lag? Classify(RuntimeReport report, Dictionary<string, ModuleStatus> modules, ModuleEntry entry)
    {
        if (report.Status is not { } status)
        {
            if (report.IsStarting)
            {
                return new Lag(LagRank.Updating, ConditionReason.Updating, $"{report.Name} is starting: {report.Error ?? "no status"}");
            }

            return new Lag(LagRank.Unreachable, ConditionReason.RuntimeUnreachable, $"{report.Name} does not answer: {report.Error ?? "no status"}");
        }

        var module = modules.GetValueOrDefault(entry.Id);
        if (module is null || module.Revision != entry.Revision)
        {
            // It has read the file but has an earlier revision of the entry, or none: so it refused this one. It is of another version.
            return status.Configuration.Digest == _tomlDigest
                ? Refused(report, status, module, entry)
                : new Lag(LagRank.Updating, ConditionReason.Updating, "modules.toml has not been read yet");
        }

        return module switch
        {
            { State: ModuleState.Ready } => null,
            { State: ModuleState.Failed } => new Lag(LagRank.Failed, module.Reason, module.Message),
            _ => new Lag(LagRank.Loading, module.Reason, module.Message),
        };
    }

    private Lag Refused(RuntimeReport report, RuntimeStatus status, ModuleStatus? lastGood, ModuleEntry entry)
    {
        if (entry.Requires.IsEmpty)
        {
            var why = lastGood is { Message.Length: > 0 } ? lastGood.Message : string.Join("; ", ProblemsOf(entry, status.Configuration.Problems));
            return new Lag(LagRank.Failed, ModuleReason.InvalidEntry, $"{report.Name} does not take the entry: {why}");
        }

        var names = string.Join(", ", entry.Requires.Select(name => $"'{name}'"));
        return new Lag(
            LagRank.Failed, ModuleReason.UnknownRequirement, $"the entry requires {names}, and version {status.Version} knows no requirements; upgrade the runtime");
    }

    /// <summary>Those that stand in the lines of the entry: what there is to say about another is nothing for this one's owner.</summary>
    private IEnumerable<string> ProblemsOf(ModuleEntry entry, ImmutableArray<string> problems)
    {
        var lines = _toml.Split('\n');
        var id = Array.IndexOf(lines, $"id = \"{entry.Id}\"");
        var first = id < 0 ? -1 : Array.LastIndexOf(lines, EntryHeader, id);
        if (first < 0)
        {
            return [];
        }

        var next = Array.IndexOf(lines, EntryHeader, id);
        var last = next < 0 ? lines.Length : next;
        return problems.Where(problem =>
            LineOfProblem.Match(problem) is { Success: true } match
            && int.Parse(match.Groups["line"].ValueSpan, CultureInfo.InvariantCulture) - 1 is var line && line >= first && line < last);
    }

    /// <summary>Names no number that a new runtime would change.</summary>
    private string Of(int count) => count == _runtimes.Length ? "every runtime" : $"{count} of {_runtimes.Length} runtimes";

    private static string Describe(Lag lag, bool isReason)
    {
        var message = BoundedText.Shorten(lag.Message, GroupMessage);
        return (isReason, message) switch
        {
            (_, "") => lag.Reason,
            (true, _) => message,
            _ => $"{lag.Reason}: {message}",
        };
    }

    /// <summary>As <see cref="Wagi.Modules.Problems.SourceLocation"/> is written.</summary>
    [GeneratedRegex(@":(?<line>\d+):\d+: ")]
    private static partial Regex LineOfProblem { get; }

    private enum LagRank
    {
        Failed,
        Loading,
        Updating,
        Unreachable,
    }

    /// <summary>Why a runtime does not serve a module as specified.</summary>
    private sealed record Lag(LagRank Rank, string Reason, string Message);
}

/// <summary>What one runtime answered to <c>GET /status</c>.</summary>
/// <param name="Name">Its pod's name, or its address.</param>
/// <param name="Status">The answer; null when there was none.</param>
/// <param name="Error">Why there was none, in a few words; null otherwise.</param>
/// <param name="TakesRequests">
/// Whether it receives requests, and has been asked since it does. One that receives none is no reason to doubt a module that others serve.
/// </param>
/// <param name="IsStarting">Whether it has never received requests and is young enough for that: its silence means nothing yet.</param>
public sealed record RuntimeReport(
    string Name, RuntimeStatus? Status, string? Error = null, bool TakesRequests = true, bool IsStarting = false);

/// <summary>How far the runtimes are with a module: the condition <c>Ready</c> of a programmed module.</summary>
/// <param name="Count">Runtimes that serve it as specified.</param>
/// <param name="Status">Status of the condition.</param>
/// <param name="Reason">Reason of the condition.</param>
/// <param name="Message">Message of the condition.</param>
/// <param name="IsStalled">Whether it will stay so until somebody changes something.</param>
internal sealed record RuntimeReadiness(int Count, string Status, string Reason, string Message, bool IsStalled);
