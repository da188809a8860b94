namespace Wagi.Operator.Planning;

/// <summary>Why a module is not accepted.</summary>
/// <param name="Reason">The reason of the condition <c>Accepted</c>.</param>
/// <param name="Message">Its message.</param>
/// <param name="KeepsLastGood">Whether the last good version goes on being served.</param>
internal sealed record Refusal(string Reason, string Message, bool KeepsLastGood);
