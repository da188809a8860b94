using Microsoft.AspNetCore.Http;

namespace Wagi.Runtime.Cgi;

/// <summary>Told of every request to a module when it is concluded. Called by many requests at the same time, and keeps none waiting.</summary>
internal interface IRequestLog
{
    /// <param name="context">The request.</param>
    /// <param name="end">What became of it.</param>
    /// <param name="status">The status code that was sent; 0 when nobody was there to receive one.</param>
    /// <param name="duration">How long it took.</param>
    void Add(HttpContext context, RequestEnd end, int status, TimeSpan duration);
}

/// <summary>The end of a request.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Bytes">Length of the answer's body; of one that was cut off, what there was of it.</param>
/// <param name="Reason">Why, for the module's owner; null: there is nothing to add.</param>
/// <param name="Parts">Where its time went; null: it broke off.</param>
/// <param name="Answered">
/// When its answer was complete, before the rest of a body was taken that nobody wanted: a time stamp of <c>Stopwatch</c>; 0: when it ended.
/// </param>
internal readonly record struct RequestEnd(
    RequestOutcome Outcome, long Bytes = 0, string? Reason = null, RequestParts? Parts = null, long Answered = 0);
