using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Tests.Progress;

public sealed class ProgressDisplayTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly TickingTime _time = new();

    private string Tick()
    {
        _output.GetStringBuilder().Clear();
        _time.Tick();
        return _output.ToString();
    }

    [Fact]
    public async Task Terminal_ShowsBytesOfTheTotal_OverTheLineBefore_AndErasesItAtTheEnd()
    {
        using var display = new ProgressDisplay(_output, isTerminal: true, _time);
        var item = display.Begin("pulling ghcr.io/me/hello:v1", total: 4 << 20);
        Assert.Equal("\r\u001b[Kpulling ghcr.io/me/hello:v1 …\r", Tick());

        await item.Count(Stream.Null).WriteAsync(new byte[1 << 20], TestContext.Current.CancellationToken);
        Assert.Equal("\r\u001b[Kpulling ghcr.io/me/hello:v1: 1.0 of 4.0 MiB (25%)\r", Tick());

        _output.GetStringBuilder().Clear();
        item.Dispose();
        Assert.Equal("\r\u001b[K", _output.ToString());
        Assert.Equal("", Tick());
    }

    [Fact]
    public void Pipe_GetsPlainLines()
    {
        using var display = new ProgressDisplay(_output, isTerminal: false, _time);
        using (display.Begin("compiling a.wasm"))
        {
            Assert.Equal("compiling a.wasm …\n", Tick());
        }

        Assert.Equal("", Tick());
    }

    [Fact]
    public void WhatIsDoneAtOnce_IsNotMentioned()
    {
        using (var display = new ProgressDisplay(_output, isTerminal: true, _time))
        using (display.Begin("compiling a.wasm"))
        {
        }

        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public void SeveralAtOnce_AreCounted_AndALongName_FitsTheLine()
    {
        using var display = new ProgressDisplay(_output, isTerminal: true, _time);
        using var first = display.Begin("pulling " + new string('x', 200));
        using var second = display.Begin("compiling b.wasm");
        var text = Tick().Trim('\r')[3..];
        Assert.Equal(79, text.Length);
        Assert.EndsWith("x… … (and 1 more)", text, StringComparison.Ordinal);
    }

    public void Dispose() => _output.Dispose();

    /// <summary>A clock whose timers fire when the test says so.</summary>
    private sealed class TickingTime : TimeProvider
    {
        private Action? _timers;

        public void Tick() => _timers?.Invoke();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _timers += () => callback(state);
            return base.CreateTimer(_ => { }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
