using Wagi.Modules.Status;

namespace Wagi.Runtime.Readiness;

/// <summary>
/// Keeps a runtime that has just started from saying that it is ready while a module failed here that another runtime serves: its
/// registry may be out of reach of this node alone, or be down since the other one pulled. So a rolling update never replaces a
/// runtime that serves a module by one that cannot. What fails everywhere keeps nobody waiting, and neither does being alone.
/// </summary>
/// <param name="ask">Asks one of the other runtimes; null when none answers.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to log.</param>
internal sealed partial class PeerAgreement(Func<CancellationToken, Task<RuntimeStatus?>> ask, TimeProvider time, ILogger<PeerAgreement> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // The Service leads to any of them: so many answers in a row must leave nothing open, or so many questions go unanswered.
    private const int Answers = 3;

    private volatile string? _obstacle;

    /// <summary>What is being waited for; null: nothing.</summary>
    public string? Obstacle => _obstacle;

    /// <summary>Returns when every module is served here, or failed here and, as far as can be seen, everywhere else.</summary>
    /// <param name="own">The state of this runtime.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(Func<RuntimeStatus> own, CancellationToken cancellationToken)
    {
        for (var agreeing = 0; agreeing < Answers && Failed(own()).Any();)
        {
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

    /// <summary>The first module that failed here and is served, in the same revision, by the other; null: there is none.</summary>
    private static ModuleStatus? Lacking(RuntimeStatus own, RuntimeStatus peer) => Failed(own).FirstOrDefault(module =>
        peer.Modules.Any(other => other.Id == module.Id && other.Revision == module.Revision && other.State == ModuleState.Ready));

    private static IEnumerable<ModuleStatus> Failed(RuntimeStatus status) => status.Modules.Where(module => module.State == ModuleState.Failed);

    [LoggerMessage(LogLevel.Warning, "Not ready yet: module {Id} failed here ({Reason}) and is served by another runtime")]
    private partial void LogWaiting(string id, string reason);
}
