using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Wagi.Runtime.Templates;

namespace Wagi.Runtime.Development;

/// <summary>
/// Runs a build command, with everything that it starts as one process group, so that all of it ends together. Where there is no <c>setsid</c>,
/// the processes are looked for one by one.
/// </summary>
/// <param name="folder">Where it runs.</param>
/// <param name="line">Told each line that it prints, on stdout and on stderr.</param>
internal sealed partial class BuildProcess(string folder, Action<string> line)
{
    /// <summary>Tells a build that it is for <c>wagi dev</c>.</summary>
    public const string Variable = "WAGI_DEV";

    private const int Terminate = 15;

    private const int Kill = 9;

    /// <summary>How long it may take to end when it is asked to.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>How long the last lines may take: what the build has left running may keep its output for ever.</summary>
    private static readonly TimeSpan LastLines = TimeSpan.FromSeconds(1);

    private static readonly bool HasGroups = !OperatingSystem.IsWindows() && Toolchain.IsOnPath("setsid");

    /// <summary>Runs a command to its end.</summary>
    /// <param name="command">As a shell takes it.</param>
    /// <param name="cancellationToken">Ends it, and all that it started.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="Win32Exception">There is no shell.</exception>
    public async Task<int> RunAsync(string command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(HasGroups ? "setsid" : "sh", HasGroups ? ["sh", "-c", command] : ["-c", command])
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = "1" },
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close(); // Keys are read here.
        var lines = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process);
            throw;
        }

        await Task.WhenAny(lines, Task.Delay(LastLines, cancellationToken));
        return process.ExitCode;
    }

    private async Task ReadAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync() is { } text)
            {
                line(text);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Nobody waits for it any more.
        }
    }

    private static async Task EndAsync(Process process)
    {
        if (!HasGroups)
        {
            process.Kill(entireProcessTree: true);
            return;
        }

        // make removes what is half made. Its own process may be gone while others of the group are not.
        _ = Send(-process.Id, Terminate);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // It does not want to.
        }

        _ = Send(-process.Id, Kill);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
