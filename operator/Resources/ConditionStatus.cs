namespace Wagi.Operator.Resources;

/// <summary>The values of <see cref="Condition.Status"/>.</summary>
public static class ConditionStatus
{
    /// <summary>It is so.</summary>
    public const string True = nameof(True);

    /// <summary>It is not so.</summary>
    public const string False = nameof(False);

    /// <summary>It is not known yet.</summary>
    public const string Unknown = nameof(Unknown);
}
