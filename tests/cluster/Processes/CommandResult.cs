namespace Wagi.TestCluster.Processes;

/// <summary>What a finished command left behind.</summary>
/// <param name="Line">The command line, for messages.</param>
/// <param name="ExitCode">0 for success, by convention; 128 + n after signal n.</param>
/// <param name="Stdout">All of standard output, as UTF-8.</param>
/// <param name="Stderr">All of standard error, as UTF-8.</param>
public sealed record CommandResult(string Line, int ExitCode, string Stdout, string Stderr)
{
    /// <summary>The result itself when the command succeeded.</summary>
    /// <exception cref="InvalidOperationException">The command failed; the message holds command, exit code and both outputs.</exception>
    public CommandResult EnsureSuccess() => ExitCode == 0 ? this : throw new InvalidOperationException(ToString());

    /// <inheritdoc/>
    public override string ToString() => $"{Line}\nexit code {ExitCode}\n{Stdout}{Stderr}";
}
