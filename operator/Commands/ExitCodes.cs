namespace Wagi.Operator.Commands;

/// <summary>What the program ends with.</summary>
internal static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>It could not be done.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Prints why it could not be done.</summary>
    public static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"wagi-operator: {message}");
        return Failure;
    }

    /// <summary>Prints what is wrong with the command line.</summary>
    public static async Task<int> UsageAsync(UsageException error)
    {
        await Console.Error.WriteLineAsync($"wagi-operator: {error.Message}");
        return Usage;
    }
}
