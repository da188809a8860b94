using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Logs;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Logs;

public sealed class GuestLogFileTests : IDisposable
{
    private readonly TempDirectory _temporary = new("guest-log");
    private readonly GuestLogWriter _writer = new();

    private string Current => _temporary.PathOf("log/module.stderr");

    private string Old => _temporary.PathOf("log/module.stderr.old");

    private GuestLogFile Create(long maxBytes = 1 << 20) =>
        new(_temporary.PathOf("log"), maxBytes, _writer, TimeProvider.System, NullLogger<GuestLogFile>.Instance);

    [Fact]
    public void Line_CarriesTimeAndRequest()
    {
        var before = DateTimeOffset.UtcNow;
        var file = Create();
        file.Add("default/hello", "0HN1:00000001", "it failed");
        file.AddTruncated("default/hello", "0HN1:00000001");
        file.AddDropped("default/hello", 7);

        Written();
        var lines = File.ReadAllLines(Current);
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("Z 0HN1:00000001 it failed", lines[0], StringComparison.Ordinal);
        Assert.Contains("the rest is dropped", lines[1], StringComparison.Ordinal);
        Assert.Contains("7 lines were dropped", lines[2], StringComparison.Ordinal);
        var time = DateTimeOffset.Parse(lines[0].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(time, before.AddSeconds(-1), DateTimeOffset.UtcNow.AddSeconds(1));
    }

    [Fact]
    public void Size_IsBounded_AndOneOldFileIsKept()
    {
        var file = Create(maxBytes: 1000);
        for (var i = 0; i < 200; i++)
        {
            file.Add("m", "request", $"line {i}");
        }

        Written();
        Assert.InRange(new FileInfo(Current).Length, 1, 1000);
        Assert.InRange(new FileInfo(Old).Length, 1, 1000);
        Assert.Equal(2, Directory.GetFiles(_temporary.PathOf("log")).Length);
        Assert.EndsWith("line 199", File.ReadLines(Current).Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ManyRequestsAtOnce_KeepTheirLinesWhole()
    {
        var file = Create();
        await Parallel.ForAsync(0, 500, TestContext.Current.CancellationToken, (i, _) =>
        {
            file.Add("m", $"r{i}", new string('x', 100));
            return ValueTask.CompletedTask;
        });

        Written();
        var lines = File.ReadAllLines(Current);
        Assert.Equal(500, lines.Select(line => line.Split(' ')[1]).Distinct().Count());
        Assert.All(lines, line => Assert.EndsWith(' ' + new string('x', 100), line, StringComparison.Ordinal));
    }

    [Fact]
    public void FileThatWasRemoved_IsBegunAnew()
    {
        var file = Create();
        file.Add("m", "r", "one");
        Written();
        Directory.Delete(_temporary.PathOf("log"), recursive: true);
        file.Add("m", "r", "two");
        Written();
        Assert.EndsWith("two", Assert.Single(File.ReadAllLines(Current)), StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatCannotBeWritten_DoesNotStopTheModule()
    {
        _temporary.Write("log", "a file where the folder should be");
        var file = Create();
        file.Add("m", "r", "one");
        Written();
        File.Delete(_temporary.PathOf("log"));
        file.Add("m", "r", "two");
        Written();
        Assert.EndsWith("two", Assert.Single(File.ReadAllLines(Current)), StringComparison.Ordinal);
    }

    /// <summary>The writer is held up for as long as the test likes: so is a thread by a disk that hangs.</summary>
    [Fact]
    public void DiskThatHangs_KeepsNobodyWaiting_AndTheFileSaysWhatWasDropped()
    {
        using var hang = new ManualResetEventSlim();
        _writer.TryAdd(() => hang.Wait(Cancellation));
        var file = Create();
        for (var i = 0; i < 3000; i++)
        {
            file.Add("m", "r", $"line {i}");
        }

        hang.Set();
        Written();
        file.Add("m", "r", "after");
        Written();

        var lines = File.ReadAllLines(Current);
        Assert.EndsWith("line 0", lines[0], StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("lines were dropped, because the disk is too slow", StringComparison.Ordinal));
        Assert.EndsWith("after", lines[^1], StringComparison.Ordinal);
        Assert.InRange(lines.Length, 1000, 2900);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Waits until everything is in the file that was added.</summary>
    private void Written()
    {
        using var written = new ManualResetEventSlim();
        Assert.True(_writer.TryAdd(written.Set) || SpinWait.SpinUntil(() => _writer.TryAdd(written.Set), TimeSpan.FromSeconds(30)));
        Assert.True(written.Wait(TimeSpan.FromSeconds(30), Cancellation));
    }

    public void Dispose()
    {
        _writer.Dispose();
        _temporary.Dispose();
    }
}
