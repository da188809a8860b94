namespace Wagi.Runtime.Guests;

/// <summary>The end of a guest.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="ExitCode">The code of <c>proc_exit</c>; 0 when the entrypoint returned; otherwise without meaning.</param>
/// <param name="Message">What to tell the operator; empty when it completed.</param>
public readonly record struct GuestResult(GuestOutcome Outcome, int ExitCode, string Message);
