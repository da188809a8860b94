using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Product;

/// <summary>One of our published programs, with everything that it logged.</summary>
public sealed class ProductProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private bool _isDisposed;

    private ProductProcess(Process process) => _process = process;

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Standard output and standard error so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts a program.</summary>
    public static ProductProcess Start(string program, params IEnumerable<string> arguments) => Start(program, arguments, ImmutableDictionary<string, string?>.Empty);

    /// <summary>Starts a program with variables added to this process's own; a null value removes one.</summary>
    public static ProductProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var running = new ProductProcess(ChildProcess.Start(start));
        running._process.OutputDataReceived += running.Note;
        running._process.ErrorDataReceived += running.Note;
        running._process.StandardInput.Close();
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_log)
        {
            _log.AppendLine(line.Data);
        }
    }

    /// <summary>Waits until <paramref name="find"/> finds something in the log.</summary>
    /// <exception cref="TimeoutException">It does not come; the message holds the log.</exception>
    public Task<T> WaitForLogAsync<T>(Func<string, T?> find, CancellationToken cancellation)
        where T : class =>
        Eventually.Becomes(
            () => _process.HasExited && find(Log) is null
                ? throw new TestToolFailedException($"the program ended with exit code {_process.ExitCode}:\n{Log}")
                : find(Log),
            found => found is not null,
            cancellationToken: cancellation)!;

    /// <summary>Asks it to end (SIGTERM), unless it has already, and waits until it has.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> TerminateAsync(CancellationToken cancellation) => EndAsync("-TERM", cancellation);

    /// <summary>The same with the signal of Ctrl-C (SIGINT).</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> InterruptAsync(CancellationToken cancellation) => EndAsync("-INT", cancellation);

    /// <summary>Waits until it has ended, for whatever reason.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> ExitAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    private async Task<int> EndAsync(string signal, CancellationToken cancellation)
    {
        if (!_process.HasExited)
        {
            await Command.RunAsync("kill", [signal, $"{Id}"], cancellationToken: cancellation);
        }

        return await ExitAsync(cancellation);
    }

    /// <summary>Ends it at once, as a crash would (SIGKILL).</summary>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        using (_process)
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            await _process.WaitForExitAsync(CancellationToken.None);
        }
    }
}
