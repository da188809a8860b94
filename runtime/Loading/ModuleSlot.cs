using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Status;

namespace Wagi.Runtime.Loading;

/// <summary>One entry on its way from configured to served. Only <see cref="ModuleHost"/>'s loop touches it.</summary>
internal sealed class ModuleSlot(ModuleEntry desired, DateTimeOffset since)
{
    /// <summary>What is to be served.</summary>
    public ModuleEntry Desired { get; set; } = desired;

    /// <summary>The secrets for <see cref="Desired"/>.</summary>
    public ModuleSecrets? Secrets { get; set; }

    /// <summary>What is loaded: <see cref="Desired"/>, or the last good version before it, or nothing.</summary>
    public ServedModule? Loaded { get; set; }

    /// <summary>Whether the entry's present text could not be used, so that <see cref="Desired"/> is the one before it.</summary>
    public bool WasRejected { get; set; }

    /// <summary>Whether the route table names <see cref="Loaded"/>.</summary>
    public bool IsPublished { get; set; }

    public ModuleState State { get; private set; } = ModuleState.Loading;

    public string Reason { get; private set; } = ModuleReason.Loading;

    public string Message { get; private set; } = "";

    public DateTimeOffset Since { get; private set; } = since;

    /// <summary>Failed attempts in a row.</summary>
    public int Failures { get; set; }

    /// <summary>True once the first attempt has come to an end, well or not.</summary>
    public bool HasSettled { get; private set; }

    /// <summary>Ends the attempt that is under way, or the wait for the next one; null when there is none.</summary>
    public CancellationTokenSource? Attempt { get; set; }

    public void Enter(ModuleState state, string reason, string message, DateTimeOffset now)
    {
        if (State != state || Reason != reason)
        {
            Since = now;
        }

        (State, Reason, Message) = (state, reason, message);
        HasSettled |= state != ModuleState.Loading;
    }

    public ModuleStatus ToStatus() => new()
    {
        Id = Desired.Id,
        Revision = Desired.Revision,
        State = State,
        Reason = Reason,
        Message = Message,
        Since = Since,
        Route = Desired.Route.ToString(),
        Hosts = [.. Desired.Hosts.Select(host => host.ToString())],
        Module = Desired.Module.ToString(),
        Serving = IsPublished ? Loaded!.Reference : null,
        Digest = IsPublished ? Loaded!.Digest : null,
        Routes = IsPublished ? [.. Loaded!.Routes.Select(route => route.Pattern.ToString())] : [],
    };
}
