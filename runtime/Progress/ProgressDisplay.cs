using System.CommandLine;

namespace Wagi.Runtime.Progress;

/// <summary>
/// Tells a person who waits what is being done and how far it is: on a terminal one line that is drawn over itself, elsewhere a plain
/// line now and then. What is done within a moment is not mentioned at all.
/// </summary>
internal sealed class ProgressDisplay : IDisposable
{
    /// <summary>Fits a terminal of 80 columns without wrapping, which could not be drawn over.</summary>
    private const int MaxLength = 79;

    private const string EraseLine = "\r\u001b[K";

    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly List<ProgressItem> _items = [];
    private readonly TextWriter _output;
    private readonly bool _isTerminal;
    private readonly ITimer? _timer;
    private bool _isDrawn;

    /// <summary>A display.</summary>
    /// <param name="output">Where it is drawn.</param>
    /// <param name="isTerminal">Whether a line there can be drawn over.</param>
    /// <param name="time">When it is drawn.</param>
    public ProgressDisplay(TextWriter output, bool isTerminal, TimeProvider time)
        : this(output, isTerminal)
    {
        var interval = isTerminal ? TerminalInterval : PlainInterval;
        _timer = time.CreateTimer(_ => Draw(), null, interval, interval);
    }

    private ProgressDisplay(TextWriter output, bool isTerminal)
    {
        _output = output;
        _isTerminal = isTerminal;
    }

    /// <summary>Shows nothing.</summary>
    public static ProgressDisplay None { get; } = new(TextWriter.Null, isTerminal: false);

    /// <summary>Whether stderr is a terminal that does more than print.</summary>
    public static bool IsErrorATerminal => !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");

    /// <summary>Whether what is written there may have colors: a terminal shows it, and nobody has switched them off (no-color.org).</summary>
    public static bool HasColors(TextWriter error) =>
        IsErrorATerminal && ReferenceEquals(error, Console.Error) && Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 };

    /// <summary>For a server, whose log says in plain lines what it pulls and compiles: shown beside it on a terminal only.</summary>
    public static ProgressDisplay ForServer() =>
        IsErrorATerminal ? new ProgressDisplay(Console.Error, isTerminal: true, TimeProvider.System) : None;

    /// <summary>For a command that is called once.</summary>
    public static ProgressDisplay ForCommand(ParseResult arguments)
    {
        var error = arguments.InvocationConfiguration.Error;
        return new ProgressDisplay(error, IsErrorATerminal && ReferenceEquals(error, Console.Error), TimeProvider.System);
    }

    /// <summary>Shows something until what is returned is disposed.</summary>
    /// <param name="what">What is being done: <c>pulling X</c>.</param>
    /// <param name="total">How many bytes there are; null: unknown.</param>
    public ProgressItem Begin(string what, long? total = null)
    {
        var item = new ProgressItem(what, total, End);
        lock (_lock)
        {
            _items.Add(item);
        }

        return item;
    }

    private void End(ProgressItem item)
    {
        lock (_lock)
        {
            _items.Remove(item);
            if (_items.Count == 0)
            {
                Erase();
            }
        }
    }

    private void Draw()
    {
        lock (_lock)
        {
            if (_items.Count == 0)
            {
                return;
            }

            var others = _items.Count > 1 ? $" (and {_items.Count - 1} more)" : "";
            var text = _items[0].Describe(MaxLength - others.Length) + others;

            // The cursor goes back to the first column, so that a line of the log is written over this one and not behind it.
            _output.Write(_isTerminal ? $"{EraseLine}{text}\r" : text + "\n");
            _output.Flush();
            _isDrawn = _isTerminal;
        }
    }

    private void Erase()
    {
        if (_isDrawn)
        {
            _output.Write(EraseLine);
            _output.Flush();
            _isDrawn = false;
        }
    }

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_lock)
        {
            Erase();
        }
    }
}
