using Wagi.Modules.Status;

namespace Wagi.Runtime.Readiness;

/// <summary>
/// Keeps a runtime that has just started from saying that it is ready while a module that another runtime serves cannot be pulled here:
/// its registry may be out of reach of this node alone, or be down since the other one pulled. So a rolling update waits for a registry to
/// come back, but not for ever: a tenant's registry must not stop a rollout for all. What fails for reasons of the tenant's own, what fails
/// everywhere, and being alone keep nobody waiting.
/// </summary>
/// <param name="ask">Asks one of the other runtimes; null when none answers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class PeerAgreement(Func<CancellationToken, Task<RuntimeStatus?>> ask, TimeProvider time, ILogger<PeerAgreement> logger)
{
    /// <summary>The longest wait, all modules together.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // What may go away by itself. All other reasons lie with the artifact, the entry or the credentials: time does not heal them, and their
    // owner must not decide when this runtime is ready.
    private static readonly string[] Passing = [ModuleReason.RegistryUnreachable, ModuleReason.PullFailed];

    // The Service leads to any of them: so many answers in a row must leave nothing open, or so many questions go unanswered.
    private const int Answers = 3;

    private volatile string? _obstacle;

    /// <summary>What is being waited for; null: nothing.</summary>
    public string? Obstacle => _obstacle;

    /// <summary>
    /// Returns when every module is served here, or failed here for good, or failed, as far as can be seen, everywhere else; and in any case
    /// after <see cref="Patience"/>.
    /// </summary>
    /// <param name="own">The state of this runtime.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(Func<RuntimeStatus> own, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var agreeing = 0; agreeing < Answers && Unpulled(own()).Any();)
        {
            if (time.GetElapsedTime(start) >= Patience)
            {
                LogGivingUp(Patience.TotalSeconds, string.Join(", ", Unpulled(own()).Select(module => module.Id)));
                break;
            }

            var lacking = await ask(cancellationToken) is { } peer ? Lacking(own(), peer) : null;
            agreeing = lacking is null ? agreeing + 1 : 0;
            if (lacking is not null)
            {
                if (_obstacle is null)
                {
                    LogWaiting(lacking.Id, lacking.Reason);
                }

                _obstacle = $"module {lacking.Id} failed here ({lacking.Reason}) and is served by another runtime: {lacking.Message}";
            }

            if (agreeing < Answers)
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }

        _obstacle = null;
    }

    /// <summary>The first module that cannot be pulled here and is served, in the same revision, by the other; null: there is none.</summary>
    private static ModuleStatus? Lacking(RuntimeStatus own, RuntimeStatus peer) => Unpulled(own).FirstOrDefault(module =>
        peer.Modules.Any(other => other.Id == module.Id && other.Revision == module.Revision && other.State == ModuleState.Ready));

    private static IEnumerable<ModuleStatus> Unpulled(RuntimeStatus status) =>
        status.Modules.Where(module => module.State == ModuleState.Failed && Passing.Contains(module.Reason));

    [LoggerMessage(LogLevel.Warning, "Not ready yet: module {Id} failed here ({Reason}) and is served by another runtime")]
    private partial void LogWaiting(string id, string reason);

    [LoggerMessage(LogLevel.Warning, "Ready after {Seconds} s without what cannot be pulled here, though another runtime may serve it: {Ids}")]
    private partial void LogGivingUp(double seconds, string ids);
}
