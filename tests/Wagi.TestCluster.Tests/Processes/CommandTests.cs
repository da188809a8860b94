using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Tests.Processes;

public sealed class CommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Command_ReportsExitCodeAndBothOutputs()
    {
        var result = await Command.RunAsync("sh", ["-c", "echo out; echo err >&2; exit 3"], cancellationToken: Cancel);

        Assert.Equal((3, "out\n", "err\n"), (result.ExitCode, result.Stdout, result.Stderr));
        var error = Assert.Throws<InvalidOperationException>(result.EnsureSuccess);
        Assert.Contains("exit code 3\nout\nerr", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_GetsItsInputAndEnvironment()
    {
        var environment = new Dictionary<string, string?> { ["GREETING"] = "hello", ["HOME"] = null };

        var result = await Command.RunAsync(
            "sh", ["-c", "echo \"$GREETING ${HOME-homeless} $(cat)\""], environment, "input", cancellationToken: Cancel);

        Assert.Equal("hello homeless input\n", result.Stdout);
    }

    [Fact]
    public async Task Command_ThatIgnoresItsInput_Succeeds()
    {
        var result = await Command.RunAsync("true", [], stdin: new string('x', 1_000_000), cancellationToken: Cancel);

        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public async Task Command_IsKilled_WhenItTakesTooLong()
    {
        var error = await Assert.ThrowsAsync<TimeoutException>(
            () => Command.RunAsync(
                "sh", ["-c", "echo started; sleep 600"], timeout: TimeSpan.FromSeconds(1), cancellationToken: Cancel));

        Assert.Contains("longer than 1 s", error.Message, StringComparison.Ordinal);
        Assert.Contains("started", error.Message, StringComparison.Ordinal);
    }
}
