using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Wasip2;

/// <summary>Ready when something of the host's has ended.</summary>
/// <param name="task">Whatever became of it.</param>
internal sealed class TaskPollable(Task task) : Pollable
{
    public override bool IsReady(GuestRun run) => task.IsCompleted;

    public override Task? Pending(GuestRun run) => task;
}
