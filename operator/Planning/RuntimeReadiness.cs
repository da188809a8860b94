namespace Wagi.Operator.Planning;

/// <summary>How far the runtimes are with a module: the condition <c>Ready</c> of a programmed module.</summary>
/// <param name="Count">Runtimes that serve it as specified.</param>
/// <param name="Status">Status of the condition.</param>
/// <param name="Reason">Reason of the condition.</param>
/// <param name="Message">Message of the condition.</param>
/// <param name="IsStalled">Whether nothing changes before somebody changes something.</param>
internal sealed record RuntimeReadiness(int Count, string Status, string Reason, string Message, bool IsStalled);
