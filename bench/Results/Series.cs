using Wagi.TestCluster;

namespace Wagi.Bench.Results;

/// <summary>What was measured in each round of something that was measured in turns with what it is compared with.</summary>
internal sealed record Series(IReadOnlyList<double> Rounds)
{
    public double Median => Figures.Percentile(Rounds, 0.5);

    /// <summary>From the lowest round to the highest.</summary>
    public double Spread => Rounds.Max() - Rounds.Min();

    /// <summary>Round by round, because what disturbs the machine disturbs both sides of one round.</summary>
    public Series Over(Series other) => new([.. Rounds.Zip(other.Rounds, (own, its) => own / its)]);

    /// <summary>
    /// Measures all of them in each round, there and back again, so that what happens to the machine meanwhile happens to all of them. One more round
    /// before the others warms up and does not count.
    /// </summary>
    public static async Task<IReadOnlyList<Series>> InTurnsAsync(int rounds, IReadOnlyList<Func<Task<double>>> measurements)
    {
        var values = measurements.Select(_ => new List<double>()).ToList();
        for (var round = 0; round <= rounds; round++)
        {
            var order = Enumerable.Range(0, measurements.Count);
            foreach (var i in round % 2 == 0 ? order : order.Reverse())
            {
                var value = await measurements[i]();
                if (round > 0)
                {
                    values[i].Add(value);
                }
            }
        }

        return [.. values.Select(own => new Series(own))];
    }
}
