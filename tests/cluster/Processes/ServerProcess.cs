using System.Diagnostics;

namespace Wagi.TestCluster.Processes;

/// <summary>A server that runs in the background, with its output in a log file, until it is disposed or this process ends.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private ServerProcess(Process process, string name, string logPath)
    {
        _process = process;
        Name = name;
        LogPath = logPath;
    }

    public string Name { get; }

    /// <summary>Standard output and standard error; appended to when the server is started again.</summary>
    public string LogPath { get; }

    public static ServerProcess Start(string program, string logPath, params IEnumerable<string> args)
    {
        // The shell only opens the log: no pipe that this process would have to keep empty, and nothing lost when it dies.
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", logPath, TestTools.Require(program), .. args])
        { UseShellExecute = false };
        return new ServerProcess(ChildProcess.Start(start), program, logPath);
    }

    /// <exception cref="TestToolFailedException">The server has ended.</exception>
    public void EnsureRunning()
    {
        if (_process.HasExited)
            throw new TestToolFailedException($"{Name} ended with exit code {_process.ExitCode}. The end of {LogPath}:\n{LogTail()}");
    }

    /// <summary>Whether the server ended because another process has its port.</summary>
    public bool LostItsPort => _process.HasExited && LogTail().Contains("address already in use", StringComparison.Ordinal);

    public string LogTail() => File.Exists(LogPath) ? string.Join('\n', File.ReadLines(LogPath).TakeLast(15)) : "";

    /// <summary>Asks the server to end, waits, and kills it when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            if (_process.HasExited) return;
            // .NET itself can only kill.
            await Command.RunAsync("/bin/sh", ["-c", $"kill -TERM {_process.Id}"]);
            using var grace = new CancellationTokenSource(GracePeriod);
            try
            {
                await _process.WaitForExitAsync(grace.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }
}
