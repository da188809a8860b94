using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Configuration;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Reconciling;

/// <summary>
/// Finds out because of which entries the API server refuses the ConfigMap or the Secret, so that all others are written. There should be none,
/// since plans are made to be accepted; but servers differ, and so do the admission webhooks in front of them.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RefusedEntries(TimeProvider time)
{
    /// <summary>How long a refusal is believed. Then the entry is tried again: what refused it may have changed.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    /// <summary>The most writes for one search. What is still in doubt after that is left out.</summary>
    private const int MaxWrites = 64;

    private ImmutableDictionary<string, (string Message, long At)> _refused = ImmutableDictionary<string, (string, long)>.Empty;

    /// <summary>What is refused now: <see cref="PlanInput.Refused"/>.</summary>
    public IReadOnlyDictionary<string, string> Current
    {
        get
        {
            _refused = _refused.RemoveRange(_refused.Where(refused => time.GetElapsedTime(refused.Value.At) >= Memory).Select(refused => refused.Key));
            return _refused.ToDictionary(refused => refused.Key, refused => refused.Value.Message);
        }
    }

    /// <summary>Writes a plan, or when that is refused, as much of it as is not.</summary>
    /// <param name="input">What the plan was made from.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="write">Writes a plan.</param>
    /// <returns>The plan that was written.</returns>
    /// <exception cref="ApiServerException">The API server refuses even what it has.</exception>
    public async Task<Plan> WriteAsync(PlanInput input, Plan plan, Func<Plan, Task> write)
    {
        try
        {
            await write(plan);
            return plan;
        }
        catch (ApiServerException exception) when (exception.IsInvalid)
        {
            var search = new Search(input, NewEntries(input, plan), write);
            var (written, refused) = await search.RunAsync(exception.Message);
            var now = time.GetTimestamp();
            _refused = _refused.SetItems(refused.Select(entry => KeyValuePair.Create(entry.Key, (entry.Value, now))));
            return written;
        }
    }

    /// <summary>The revisions that are not served yet; the others have been accepted before.</summary>
    private static ImmutableArray<string> NewEntries(PlanInput input, Plan plan)
    {
        var served = ModulesTomlReader.Read(input.PreviousToml ?? "", "modules.toml").Entries.Select(entry => entry.Revision).ToHashSet(StringComparer.Ordinal);
        return [.. plan.Verdicts.Select(verdict => verdict.Entry?.Revision).OfType<string>().Where(revision => !served.Contains(revision))];
    }

    /// <summary>Holds all new entries back and admits them in halves.</summary>
    private sealed class Search(PlanInput input, ImmutableArray<string> suspects, Func<Plan, Task> write)
    {
        private readonly Dictionary<string, string> _heldBack = new(input.Refused, StringComparer.Ordinal);
        private int _writes;

        /// <summary>Writes, and returns what was written and what is refused: revision → message.</summary>
        public async Task<(Plan Written, IReadOnlyDictionary<string, string> Refused)> RunAsync(string message)
        {
            HoldBack(suspects, message);
            await WriteAsync();
            await AdmitAsync(suspects);
            return (Planner.Plan(input with { Refused = _heldBack }), suspects.Where(_heldBack.ContainsKey).ToDictionary(revision => revision, revision => _heldBack[revision]));
        }

        private async Task AdmitAsync(ImmutableArray<string> some)
        {
            if (some.IsEmpty || _writes >= MaxWrites)
            {
                return;
            }

            foreach (var revision in some)
            {
                _heldBack.Remove(revision);
            }

            try
            {
                await WriteAsync();
                return;
            }
            catch (ApiServerException exception) when (exception.IsInvalid)
            {
                HoldBack(some, exception.Message);
            }

            if (some.Length > 1)
            {
                await AdmitAsync(some[..(some.Length / 2)]);
                await AdmitAsync(some[(some.Length / 2)..]);
            }
        }

        private void HoldBack(ImmutableArray<string> some, string message)
        {
            foreach (var revision in some)
            {
                _heldBack[revision] = message;
            }
        }

        private async Task WriteAsync()
        {
            _writes++;
            await write(Planner.Plan(input with { Refused = _heldBack }));
        }
    }
}
