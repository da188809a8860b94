using System.Diagnostics;

namespace Wagi.TestCluster.Processes;

/// <summary>Runs a program to its end.</summary>
public static class Command
{
    /// <summary>How long a command may take unless told otherwise.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Runs <paramref name="program"/> and captures what it prints. A failing exit code is a result, not an exception.</summary>
    /// <param name="program">A path, or a name that <see cref="TestTools.Find"/> or <c>PATH</c> resolves.</param>
    /// <param name="args">The arguments, without shell interpretation.</param>
    /// <param name="environment">Variables added to this process's own; a null value removes one.</param>
    /// <param name="stdin">What the program reads on standard input; nothing when null.</param>
    /// <param name="timeout">After this time the program and its children are killed; <see cref="DefaultTimeout"/> when null.</param>
    /// <param name="cancellationToken">Kills the program too.</param>
    /// <exception cref="TimeoutException">The program took too long; the message holds what it printed until then.</exception>
    public static async Task<CommandResult> RunAsync(
        string program,
        IEnumerable<string> args,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? stdin = null,
        TimeSpan? timeout = null,
        CancellationToken cancellationToken = default)
    {
        var start = new ProcessStartInfo(TestTools.Find(program) ?? program, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>()) start.Environment[name] = value;
        var line = string.Join(' ', [program, .. start.ArgumentList]);

        using var process = ChildProcess.Start(start);
        var stdout = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var stderr = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var limit = timeout ?? DefaultTimeout;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        try
        {
            await WriteAsync(process.StandardInput, stdin, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new TimeoutException($"{line}\ntook longer than {limit.TotalSeconds:0.#} s and was killed\n{await stdout}{await stderr}");
        }

        return new CommandResult(line, process.ExitCode, await stdout, await stderr);
    }

    private static async Task WriteAsync(StreamWriter writer, string? stdin, CancellationToken cancellationToken)
    {
        try
        {
            await writer.WriteAsync(stdin.AsMemory(), cancellationToken);
            writer.Close();
        }
        catch (IOException)
        {
            // A program need not read its input to the end, or at all.
        }
    }
}
