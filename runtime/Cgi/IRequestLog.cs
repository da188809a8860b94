using Microsoft.AspNetCore.Http;

namespace Wagi.Runtime.Cgi;

/// <summary>Told of every request to a module when it is concluded. Called by many requests at the same time, and keeps none waiting.</summary>
internal interface IRequestLog
{
    /// <param name="context">The request.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="status">The status code that was sent; 0 when nobody was there to receive one.</param>
    /// <param name="bytes">Length of the answer's body, in bytes; of one that was cut off, what there was of it.</param>
    /// <param name="duration">How long it took.</param>
    void Add(HttpContext context, RequestOutcome outcome, int status, long bytes, TimeSpan duration);
}
