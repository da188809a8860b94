using System.ComponentModel;
using System.Diagnostics;
using Wagi.Runtime.Templates;

namespace Wagi.Runtime.Development;

/// <summary>The browser of whoever sits at this machine.</summary>
internal static class Browser
{
    /// <summary>Opens a page in it.</summary>
    /// <returns>False: there is none here.</returns>
    public static bool TryOpen(string url)
    {
        if (Program() is not { } program)
        {
            return false;
        }

        try
        {
            // What it prints does not concern anybody.
            using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$0\" \"$1\" </dev/null >/dev/null 2>&1", program, url]));
            return process is not null;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Without a desktop, xdg-open looks for a browser that would take the terminal.</summary>
    private static string? Program() => OperatingSystem.IsMacOS() ? "open"
        : Toolchain.IsOnPath("xdg-open") && (IsSet(Environment.GetEnvironmentVariable("DISPLAY")) || IsSet(Environment.GetEnvironmentVariable("WAYLAND_DISPLAY"))) ? "xdg-open"
        : null;

    private static bool IsSet(string? variable) => variable is { Length: > 0 };
}
