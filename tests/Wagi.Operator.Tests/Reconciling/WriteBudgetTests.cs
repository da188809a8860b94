using Wagi.Operator.Reconciling;
using Wagi.Operator.Tests.Loops;

namespace Wagi.Operator.Tests.Reconciling;

public sealed class WriteBudgetTests
{
    private const int Full = 1_000_000;

    private static readonly WriteBudgetOptions Options = new();

    private readonly ManualTime _time = new();
    private readonly WriteBudget _budget;

    public WriteBudgetTests() => _budget = new WriteBudget(Options, _time);

    [Fact]
    public void NamespaceThatChangesAllTheTime_WritesABurst_ThenItsRate_AndItsNeighbourIsWrittenAtOnce()
    {
        var written = 0;
        for (var tenths = 0; tenths < 10 * 600; tenths++)
        {
            if (_budget.Wait(["greedy"]) is null)
            {
                _budget.Spend(["greedy"], Full);
                written++;
            }

            Assert.Null(_budget.Wait(["neighbour"]));
            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        var allowed = (Options.BurstOfNamespace + (600 * Options.BytesPerSecondOfNamespace)) / Full;
        Assert.InRange(written, allowed - 2, allowed + 1);
    }

    [Fact]
    public void ChangeThatWaits_GoesAlong_AtTheExpenseOfWhoMayWrite()
    {
        Exhaust("greedy");
        var wait = _budget.Wait(["greedy"]);
        Assert.InRange(wait!.Value, TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(9));
        Assert.Null(_budget.Wait(["greedy", "neighbour"]));

        _budget.Spend(["greedy", "neighbour"], Full);

        Assert.Equal(wait, _budget.Wait(["greedy"]));
        Assert.Null(_budget.Wait(["neighbour"]));
    }

    [Fact]
    public void AfterTheWait_SomethingMayBeWritten()
    {
        Exhaust("greedy");

        _time.Advance(_budget.Wait(["greedy"])!.Value);

        Assert.Null(_budget.Wait(["greedy"]));
    }

    [Fact]
    public void ManyNamespaces_StayWithinWhatEtcdHolds_AndNobodyWaitsLong()
    {
        long written = 0;
        for (var tenths = 0; tenths < 10 * 600; tenths++)
        {
            var name = $"tenant-{tenths % 100}";
            if (_budget.Wait([name]) is { } wait)
            {
                Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(10));
            }
            else
            {
                _budget.Spend([name], Full);
                written += Full;
            }

            if (_budget.Wait(["neighbour"]) is { } forOthers)
            {
                Assert.InRange(forOthers, TimeSpan.Zero, TimeSpan.FromSeconds(2.1));
            }

            _time.Advance(TimeSpan.FromSeconds(0.1));
        }

        Assert.InRange(written, 1, 400L * 1024 * 1024);
    }

    [Fact]
    public void SearchForARefusedEntry_OwesNoMoreThanOneWrite()
    {
        for (var i = 0; i < 200; i++)
        {
            _budget.Spend(["hostile"], 2 * Full);
        }

        Assert.InRange(_budget.Wait(["neighbour"])!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        Assert.InRange(_budget.Wait(["hostile"])!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(16));
    }

    private void Exhaust(string name)
    {
        while (_budget.Wait([name]) is null)
        {
            _budget.Spend([name], Full);
        }
    }
}
