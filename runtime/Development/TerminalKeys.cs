using System.Runtime.InteropServices;

namespace Wagi.Runtime.Development;

/// <summary>Keys that somebody presses in the terminal, one by one.</summary>
internal static partial class TerminalKeys
{
    private const int StandardInput = 0;

    /// <summary>Whether there is a terminal, and this program is in its foreground: another one would be stopped for reading there.</summary>
    public static bool AreThere => !Console.IsInputRedirected && !Console.IsErrorRedirected
        && (OperatingSystem.IsWindows() || ForegroundGroup(StandardInput) == OwnGroup());

    /// <summary>Tells of each, for as long as the program runs.</summary>
    public static void Read(Action<char> pressed)
    {
        var thread = new Thread(() =>
        {
            try
            {
                while (true)
                {
                    pressed(Console.ReadKey(intercept: true).KeyChar);
                }
            }
            catch (Exception exception) when (exception is IOException or InvalidOperationException)
            {
                // The terminal is gone.
            }
        })
        {
            IsBackground = true,
            Name = "keys",
        };
        thread.Start();
    }

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    private static partial int ForegroundGroup(int descriptor);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int OwnGroup();
}
