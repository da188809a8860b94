namespace Wagi.Hosting.CommandLine;

/// <summary>
/// A console that is written to and nothing more. With its first use the framework sends the terminal into another mode, for keys that nobody
/// reads here: <c>ESC[?1h</c>, which whoever records a session then has in it.
/// </summary>
public static class PlainConsole
{
    /// <summary>To be called before anything is written.</summary>
    public static void Use()
    {
        const string Terminal = "TERM";
        var terminal = Environment.GetEnvironmentVariable(Terminal);
        if (terminal is null)
        {
            return;
        }

        // A terminal of this kind has no such mode, and the framework looks only once.
        Environment.SetEnvironmentVariable(Terminal, "dumb");
        using (var output = Console.OpenStandardOutput())
        {
            output.Write([]);
        }

        Environment.SetEnvironmentVariable(Terminal, terminal);
    }
}
