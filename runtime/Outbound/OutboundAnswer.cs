namespace Wagi.Runtime.Outbound;

/// <summary>What came of sending a request.</summary>
/// <param name="Error">What the guest is told.</param>
/// <param name="Outcome">What is counted.</param>
/// <param name="Reason">What the log says; empty when there is nothing to say.</param>
/// <param name="Response">Its head has been read, its body has not; null unless <paramref name="Error"/> is success.</param>
/// <param name="Body">The body of the response.</param>
internal readonly record struct OutboundAnswer(
    HttpError Error, OutboundOutcome Outcome, string Reason, HttpResponseMessage? Response = null, Stream? Body = null);
