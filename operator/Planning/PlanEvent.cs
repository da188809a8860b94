namespace Wagi.Operator.Planning;

/// <summary>A Kubernetes event about a WagiModule.</summary>
/// <param name="Type"><c>Normal</c> or <c>Warning</c>.</param>
/// <param name="Reason">The reason of the condition that changed.</param>
/// <param name="Message">Its message.</param>
public sealed record PlanEvent(string Type, string Reason, string Message)
{
    /// <summary>The type of an event that tells of progress.</summary>
    public const string Normal = nameof(Normal);

    /// <summary>The type of an event that tells of trouble.</summary>
    public const string Warning = nameof(Warning);
}
