using Wagi.Modules.Status;

namespace Wagi.Operator.Planning;

/// <summary>What one runtime answered to <c>GET /status</c>.</summary>
/// <param name="Name">Its pod's name, or its address.</param>
/// <param name="Status">The answer; null when there was none.</param>
/// <param name="Error">Why there was none, in a few words; null otherwise.</param>
/// <param name="TakesRequests">
/// Whether requests are sent to it, and it has been asked since they are. One that takes none is no reason to doubt a module that others serve.
/// </param>
/// <param name="IsStarting">Whether it never took requests and is young enough for that: its silence means nothing yet.</param>
public sealed record RuntimeReport(
    string Name, RuntimeStatus? Status, string? Error = null, bool TakesRequests = true, bool IsStarting = false);
