using System.Net;
using Wagi.Modules.Retries;

namespace Wagi.Modules.Tests.Retries;

public sealed class RetryAfterTests
{
    [Theory]
    [InlineData("120", 120)]
    [InlineData("0", 0)]
    [InlineData("Fri, 31 Dec 1999 23:59:59 GMT", 30)]
    [InlineData("Fri, 31 Dec 1999 23:59:00 GMT", 0)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public void Wait_IsInSeconds_OrADate_BySendersClock(string? header, int? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.Date = new DateTimeOffset(1999, 12, 31, 23, 59, 29, TimeSpan.Zero);
        response.Headers.TryAddWithoutValidation("Retry-After", header);

        Assert.Equal(seconds is { } whole ? TimeSpan.FromSeconds(whole) : null, RetryAfter.Of(response));
    }

    [Fact]
    public void DateOfASenderThatTellsNoTime_CountsByTheOwnClock()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.Add("Retry-After", DateTimeOffset.UtcNow.AddMinutes(10).ToString("R"));

        Assert.InRange(RetryAfter.Of(response)!.Value.TotalMinutes, 9, 10);
    }
}
