namespace Wagi.Runtime.Compiling;

/// <summary>What one compilation may take.</summary>
internal sealed record CompilerLimits
{
    /// <summary>Memory, in bytes.</summary>
    public long Memory { get; init; } = 768L << 20;

    /// <summary>Processor time, on all cores together.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How many compilations a machine, or a container, bears at a time: half as many as there are processors, each of which uses them all, and no more
    /// than have the memory that each may take. One in any case.
    /// </summary>
    /// <param name="processors">Its processors.</param>
    /// <param name="memory">What it has of memory for them, in bytes.</param>
    public int AtATime(int processors, long memory) => (int)Math.Max(1, Math.Min(processors / 2, memory / Memory));

    /// <summary>The same limits where there is not that much memory.</summary>
    /// <param name="memory">What there is, in bytes.</param>
    public CompilerLimits Within(long memory) => memory < Memory ? this with { Memory = memory } : this;
}
