using Wagi.Modules.Status;

namespace Wagi.Operator.Planning;

/// <summary>What one runtime answered to <c>GET /status</c>.</summary>
/// <param name="Name">Its pod's name, or its address.</param>
/// <param name="Status">The answer; null when there was none.</param>
/// <param name="Error">Why there was none, in a few words; null otherwise.</param>
/// <param name="IsStarting">
/// Whether no requests are sent to it, or none were when it was asked. What it says is no reason to doubt a module that others serve.
/// </param>
public sealed record RuntimeReport(string Name, RuntimeStatus? Status, string? Error = null, bool IsStarting = false);
