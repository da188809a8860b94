using Wagi.Modules.Limits;

namespace Wagi.Modules.Tests.Limits;

public sealed class RequestRateTests
{
    [Theory]
    [InlineData("1/s", 1, 1)]
    [InlineData("100/m", 100, 60)]
    [InlineData("999999/h", 999_999, 3600)]
    public void Rate_IsRead_AndWrittenAgain(string text, int requests, int seconds)
    {
        Assert.True(RequestRate.TryParse(text, out var rate, out var error), error);
        Assert.Equal(new RequestRate(requests, TimeSpan.FromSeconds(seconds)), rate);
        Assert.Equal(text, rate.ToString());
    }

    [Theory]
    [InlineData("1/s", "1/s", false)]
    [InlineData("60/m", "1/s", true)]
    [InlineData("1/s", "60/m", false)]
    [InlineData("2/s", "60/m", true)]
    [InlineData("10/m", "10/s", false)]
    [InlineData("36000/h", "10/s", true)]
    [InlineData("999999/h", "999999/s", false)]
    [InlineData("999999/s", "999999/h", true)]
    public void Rate_ExceedsAnother_InTheLongRun_OrAtOnce(string text, string other, bool exceeds)
    {
        Assert.True(RequestRate.TryParse(text, out var left, out _));
        Assert.True(RequestRate.TryParse(other, out var right, out _));
        Assert.Equal(exceeds, left.Exceeds(right));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/s")]
    [InlineData("100")]
    [InlineData("100/")]
    [InlineData("100/d")]
    [InlineData("100/sec")]
    [InlineData("0/s")]
    [InlineData("-1/s")]
    [InlineData("+1/s")]
    [InlineData("1.5/s")]
    [InlineData(" 1/s")]
    [InlineData("1000000/s")]
    [InlineData("99999999999999999999/s")]
    public void AnythingElse_IsRefused_WithAnExample(string text)
    {
        Assert.False(RequestRate.TryParse(text, out _, out var error));
        Assert.Equal($"'{text}' is not a number of requests, 1 to 999999, in a second, a minute or an hour; write for example '100/s', '1000/m' or '10/h'", error);
    }
}
