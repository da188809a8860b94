namespace Wagi.Operator.Runtimes;

/// <summary>How often runtimes are asked for their status.</summary>
internal sealed record RuntimePace
{
    /// <summary>The first pause after the configuration changed; the pauses grow from here to one of the two below.</summary>
    public TimeSpan Hurried { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>While something is not served as configured.</summary>
    public TimeSpan Unsettled { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>While everything is served as configured.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a runtime may take to answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a runtime that never took requests may be on its way: the chart's startup probe waits as long.</summary>
    public TimeSpan Startup { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After how many tries without an answer a runtime that used to answer counts as gone.</summary>
    public int Patience { get; init; } = 3;
}
