namespace Wagi.Runtime.Commands;

/// <summary>The streams of a process as bytes, for what is no text.</summary>
/// <param name="Input">What is read.</param>
/// <param name="Output">What is printed.</param>
/// <param name="Error">What is said about it.</param>
internal sealed record StandardStreams(Stream Input, Stream Output, Stream Error)
{
    /// <summary>Those of this process.</summary>
    public static StandardStreams OfProcess() =>
        new(Console.OpenStandardInput(), Console.OpenStandardOutput(), Console.OpenStandardError());
}
