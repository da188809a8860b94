using System.Globalization;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Development;

/// <summary>What <c>wagi dev</c> says, line by line, from wherever it comes.</summary>
/// <param name="output">Where it goes.</param>
/// <param name="isTerminal">Whether a line there may stand where another one was drawn, as what is being compiled is.</param>
/// <param name="hasColors">Whether some of it is colored.</param>
/// <param name="time">The clock, for the time before each line.</param>
internal sealed class DevTerminal(TextWriter output, bool isTerminal, bool hasColors, TimeProvider time)
{
    private const string EraseLine = "\r\e[K";

    private readonly Lock _lock = new();

    /// <summary>Says something, after the time.</summary>
    public void Say(string text, Color color = Color.None)
    {
        var now = time.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        Write($"{now} {Paint(text.ReplaceLineEndings(" "), color)}");
    }

    /// <summary>A line of a build's output, as it is.</summary>
    public void Copy(string line) => Write(line);

    /// <summary>A text in a color, where there are colors.</summary>
    public string Paint(string text, Color color) => hasColors ? color.Paint(text) : text;

    private void Write(string line)
    {
        lock (_lock)
        {
            output.WriteLine(isTerminal ? EraseLine + line : line);
            output.Flush();
        }
    }
}
