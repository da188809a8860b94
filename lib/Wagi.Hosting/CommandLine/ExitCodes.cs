using System.CommandLine;

namespace Wagi.Hosting.CommandLine;

/// <summary>A program's exit codes, and what it prints with them.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>It failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>What was to be worked on is not of the right kind (<c>EX_DATAERR</c> of sysexits.h).</summary>
    public const int BadInput = 65;

    /// <summary>The program's name, as it was started.</summary>
    public static string Program { get; } = Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);

    /// <summary>Prints why it failed.</summary>
    public static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"{Program}: {message}");
        return Failure;
    }

    /// <summary>As <see cref="FailAsync(string)"/>, to where the command was told to write its errors.</summary>
    public static async Task<int> FailAsync(ParseResult arguments, string message)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        await arguments.InvocationConfiguration.Error.WriteLineAsync($"{Program}: {message}");
        return Failure;
    }

    /// <summary>Prints what is wrong with the command line.</summary>
    public static async Task<int> UsageAsync(UsageException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        await Console.Error.WriteLineAsync($"{Program}: {error.Message}");
        return Usage;
    }

    /// <summary>As <see cref="UsageAsync(UsageException)"/>, to where the command was told to write its errors.</summary>
    public static async Task<int> UsageAsync(ParseResult arguments, UsageException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        await FailAsync(arguments, error.Message);
        return Usage;
    }
}

/// <summary>The command line is wrong; the message says what is and how to write it.</summary>
/// <param name="message">For the user.</param>
public sealed class UsageException(string message) : Exception(message);
