using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Tests.Cgi;

public sealed class LatencyHistogramTests
{
    private static double? QuantileOf(double part, params IEnumerable<TimeSpan> durations)
    {
        var histogram = new LatencyHistogram();
        foreach (var duration in durations)
        {
            histogram.Add(duration);
        }

        var buckets = new long[LatencyHistogram.Buckets];
        histogram.AddTo(buckets);
        return LatencyHistogram.Quantile(buckets, part);
    }

    [Theory]
    [InlineData(0.004)]
    [InlineData(0.009)]
    [InlineData(0.3)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(50_000)]
    public void Quantile_IsOfTheRightSize(double milliseconds) =>
        Assert.InRange(QuantileOf(0.5, TimeSpan.FromMilliseconds(milliseconds))!.Value, milliseconds / 1.5, milliseconds * 1.5);

    [Fact]
    public void Quantiles_TellTheSlowOnesFromTheOthers()
    {
        var durations = Enumerable.Repeat(TimeSpan.FromMicroseconds(10), 980).Concat(Enumerable.Repeat(TimeSpan.FromSeconds(1), 20)).ToList();

        Assert.InRange(QuantileOf(0.5, durations)!.Value, 0.006, 0.015);
        Assert.InRange(QuantileOf(0.99, durations)!.Value, 600, 1500);
    }

    [Fact]
    public void DurationsBeyondTheBuckets_AreCountedInTheFirstAndTheLast()
    {
        Assert.InRange(QuantileOf(0.5, TimeSpan.Zero)!.Value, 0, 0.005);
        Assert.InRange(QuantileOf(0.5, TimeSpan.FromDays(1))!.Value, 30_000, 60_000);
        Assert.InRange(QuantileOf(0.5, TimeSpan.FromTicks(-1))!.Value, 0, 0.005);
    }

    [Fact]
    public void NoRequests_HaveNoQuantile() => Assert.Null(QuantileOf(0.5));
}
