namespace Wagi.Modules.Retries;

/// <summary>The header by which a server says how long it wants to be left alone (RFC 9110 §10.2.3).</summary>
public static class RetryAfter
{
    /// <summary>
    /// How long to wait, never less than nothing; null: the server does not say, or in no form that the RFC knows. A date is held against the
    /// answer's own (<c>Date</c>), where it has one, so that clocks that differ change nothing.
    /// </summary>
    public static TimeSpan? Of(HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        var header = response.Headers.RetryAfter;
        var wait = header?.Delta ?? (header?.Date is { } date ? date - (response.Headers.Date ?? DateTimeOffset.UtcNow) : null);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
