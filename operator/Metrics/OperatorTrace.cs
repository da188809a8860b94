using System.Diagnostics;

namespace Wagi.Operator.Metrics;

/// <summary>The operator's spans: a turn of each loop, and each question to a registry. Without a listener there are none.</summary>
internal static class OperatorTrace
{
    /// <summary>The name of the activity source.</summary>
    public const string SourceName = "Wagi.Operator";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Begins a span; null: nobody listens, or it is not sampled.</summary>
    /// <param name="name">What is done.</param>
    /// <param name="kind"><see cref="ActivityKind.Client"/> for a question to somebody else.</param>
    public static Activity? Begin(string name, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(name, kind);

    /// <summary>What the span is about has failed.</summary>
    /// <param name="span">The span; null: there is none.</param>
    /// <param name="reason">Why.</param>
    public static void Fail(Activity? span, string reason) => span?.SetStatus(ActivityStatusCode.Error, reason);
}
