using System.Diagnostics;

namespace Wagi.TestCluster.Processes;

/// <summary>A server that runs in the background, with its output in a log file, until it is disposed or this process ends.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _name;
    private readonly string _logPath;

    private ServerProcess(Process process, string name, string logPath)
    {
        _process = process;
        _name = name;
        _logPath = logPath;
    }

    private string LogTail => File.Exists(_logPath) ? string.Join('\n', File.ReadLines(_logPath).TakeLast(15)) : "";

    /// <summary>Starts <paramref name="program"/> and returns when it answers; null when another process has its port.</summary>
    /// <param name="program">A name that <see cref="TestTools.Find"/> knows.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="logPath">Where its standard output and standard error are appended.</param>
    /// <param name="answers">Whether the server is ready; an exception counts as no.</param>
    /// <param name="cancellationToken">Stops the wait, and the server.</param>
    /// <exception cref="TestToolFailedException">The server ended; the message holds the end of its log.</exception>
    /// <exception cref="TimeoutException">The server runs but does not get ready.</exception>
    public static async Task<ServerProcess?> TryStartAsync(
        string program,
        IEnumerable<string> args,
        string logPath,
        Func<CancellationToken, Task<bool>> answers,
        CancellationToken cancellationToken)
    {
        // The shell only opens the log: no pipe that this process would have to keep empty, and nothing is lost when it dies.
        var start = new ProcessStartInfo(
            "/bin/sh",
            ["-c", "log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null", "sh", logPath, TestTools.Require(program), .. args]);
        var server = new ServerProcess(ChildProcess.Start(start), program, logPath);
        try
        {
            await Eventually.Becomes(
                token =>
                {
                    server.EnsureRunning();
                    return answers(token);
                },
                ready => ready,
                TimeSpan.FromMinutes(2),
                cancellationToken,
                $"{program} answers");
            // Whoever answered need not be the process that we started.
            server.EnsureRunning();
            return server;
        }
        catch (TestToolFailedException) when (server.LogTail.Contains("address already in use", StringComparison.Ordinal))
        {
            await server.DisposeAsync();
            return null;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the server, as a crash or a lost machine would: nothing that it holds is worth a farewell.</summary>
    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            if (!_process.HasExited) _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private void EnsureRunning()
    {
        if (_process.HasExited)
            throw new TestToolFailedException($"{_name} ended with exit code {_process.ExitCode}. The end of {_logPath}:\n{LogTail}");
    }
}
