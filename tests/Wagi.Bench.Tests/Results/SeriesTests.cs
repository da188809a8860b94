using Wagi.Bench.Results;

namespace Wagi.Bench.Tests.Results;

public sealed class SeriesTests
{
    [Fact]
    public void Ratio_IsTakenRoundByRound()
    {
        // The machine became half as fast in the second round, for both.
        var ratio = new Series([60, 30, 66]).Over(new Series([100, 50, 100]));

        Assert.Equal([0.6, 0.6, 0.66], ratio.Rounds);
        Assert.Equal(0.6, ratio.Median);
        Assert.Equal(0.06, ratio.Spread, precision: 9);
    }

    [Fact]
    public async Task Measurements_TakeTurns_AndTheFirstRoundDoesNotCount()
    {
        var order = new List<string>();
        Task<double> Measure(string name)
        {
            order.Add(name);
            return Task.FromResult((double)order.Count);
        }

        var series = await Series.InTurnsAsync(2, [() => Measure("a"), () => Measure("b")]);

        Assert.Equal(["a", "b", "b", "a", "a", "b"], order);
        Assert.Equal([4, 5], series[0].Rounds);
        Assert.Equal([3, 6], series[1].Rounds);
    }
}
