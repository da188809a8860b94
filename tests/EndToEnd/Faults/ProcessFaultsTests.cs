using System.Globalization;
using Microsoft.AspNetCore.Http;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Faults;

/// <summary>An operator that ends when it is least welcome, and a clock that jumps.</summary>
public sealed class ProcessFaultsTests(FaultsFixture fixture) : FaultTests(fixture)
{
    private static bool IsWriteOfTheConfigMap(HttpRequest request) =>
        request.Method == HttpMethods.Patch && request.Path.Value!.EndsWith("/configmaps/wagi-modules", StringComparison.Ordinal);

    [Fact]
    public async Task LeaderThatIsKilled_IsReplacedByTheStandby()
    {
        string[] elect = ["--leader-elect", "true"];
        var leader = StartOperator(more: elect);
        await ServeAsync();
        var standby = StartOperator(more: [.. elect, "--log-level", "debug"]);
        await standby.WaitForLogAsync(log => log.Contains("Listed 2 wagimodules", StringComparison.Ordinal) ? log : null, Cancellation);

        await leader.DisposeAsync();
        await ChangeAsync();

        await EndsAsCleanRunAsync();
        Assert.Contains(" leads", standby.Log, StringComparison.Ordinal);
    }

    /// <summary>The write is held up for as long as the operator lives, or it is carried out and the operator never hears of it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OperatorThatIsTerminated_InTheMiddleOfAWrite_EndsInTime_AndTheNextOneGoesOn(bool isCarriedOut)
    {
        var running = StartOperator(overProxy: true);
        await ServeAsync();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ApiServer.Instead = async context =>
        {
            if (IsWriteOfTheConfigMap(context.Request) && !isCarriedOut)
            {
                held.TrySetResult();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            return false;
        };
        ApiServer.HoldsAnswer = request =>
        {
            var holds = IsWriteOfTheConfigMap(request);
            if (holds)
            {
                held.TrySetResult();
            }

            return holds;
        };

        await ChangeAsync();
        await held.Task.WaitAsync(Eventually.DefaultDeadline, Cancellation);
        using var grace = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        grace.CancelAfter(TimeSpan.FromSeconds(10));
        Assert.Equal(0, await running.TerminateAsync(grace.Token));
        ApiServer.Heal();
        StartOperator(overProxy: true);

        await EndsAsCleanRunAsync();
    }

    /// <summary>Both programs live by the same clock, as on one node.</summary>
    [Theory]
    [InlineData(+50)]
    [InlineData(-50)]
    public async Task ClockThatJumps_ChangesNothing(int minutes)
    {
        Assert.SkipWhen(JumpingClock.WhyMissing is not null, JumpingClock.WhyMissing ?? "");
        using var clock = new JumpingClock();
        using var directory = new TempDirectory("jumping-clock");
        await using var runtime = await System.StartRuntimeAsync(directory.FullPath, Cancellation, clock.Command);
        var running = StartOperator(more: ["--runtime", runtime.AdminUrl, "--leader-elect", "true"], command: clock.Command);
        await ServeAsync(runtime);

        clock.Jump(TimeSpan.FromMinutes(minutes));
        await ChangeAsync();
        await ChangeArrivesAsync(runtime);
        await LogsAtAsync("the operator", () => running.Log, minutes);
        await LogsAtAsync("the runtime", () => runtime.Log, minutes);
        clock.Jump(TimeSpan.Zero);

        await EndsAsCleanRunAsync(runtime);
    }

    /// <summary>Waits until a program has logged something, and says by its own clock that it was so many minutes from now, to five.</summary>
    private static async Task LogsAtAsync(string program, Func<string> log, int minutes) => await Eventually.Becomes(
        () => log().Split('\n').Select(TimeOf).OfType<DateTimeOffset>().Where(time => (time - DateTimeOffset.UtcNow.AddMinutes(minutes)).Duration() < TimeSpan.FromMinutes(5)).ToList(),
        times => times.Count > 0,
        waitingFor: $"{program} to log by a clock that is {minutes:+0;-0} minutes off");

    private static DateTimeOffset? TimeOf(string line) =>
        DateTimeOffset.TryParseExact(line.Split(' ')[0], "yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}
