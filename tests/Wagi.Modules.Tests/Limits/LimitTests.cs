using CsCheck;
using Wagi.Modules.Limits;

namespace Wagi.Modules.Tests.Limits;

public sealed class LimitTests
{
    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("15", 15_000)]
    [InlineData("24h", 86_400_000)]
    public void Duration_IsRead(string text, long milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var duration, out _));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0s")]
    [InlineData("-1s")]
    [InlineData("25h")]
    [InlineData("10 parsecs")]
    [InlineData("s")]
    [InlineData("1e9")]
    public void BadDuration_IsRefused_WithAnExample(string? text)
    {
        Assert.False(Duration.TryParse(text, out _, out var error));
        Assert.Contains("'30s'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Duration_ReadsWhatItWrote() => Gen.Int[1, 86_400_000].Sample(milliseconds =>
        Duration.TryParse(Duration.Format(TimeSpan.FromMilliseconds(milliseconds)), out var duration, out _)
        && duration.TotalMilliseconds == milliseconds);

    [Theory]
    [InlineData("64Mi", 64L << 20)]
    [InlineData("1Gi", 1L << 30)]
    [InlineData("64M", 64_000_000)]
    [InlineData("1048576", 1_048_576)]
    public void Size_IsRead(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var read, out _));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("64MiB")]
    [InlineData("99999999999Ti")]
    public void BadSize_IsRefused_WithAnExample(string? text)
    {
        Assert.False(ByteSize.TryParse(text, out _, out var error));
        Assert.Contains("'64Mi'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Size_ReadsWhatItWrote() => Gen.Long[1, long.MaxValue].Sample(bytes =>
        ByteSize.TryParse(ByteSize.Format(bytes), out var read, out _) && read == bytes);
}
