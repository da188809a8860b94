namespace Wagi.Operator.Crds;

/// <summary>
/// A CEL rule (<c>x-kubernetes-validations</c>) for a property or a type. API servers before 1.25 drop it, so the operator checks the
/// same in <see cref="Planning.SpecReader"/>.
/// </summary>
/// <param name="expression">The rule, true when the value is good; <c>self</c> is the value.</param>
/// <param name="message">What the user reads otherwise.</param>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, AllowMultiple = true)]
internal sealed class RuleAttribute(string expression, string message) : Attribute
{
    /// <summary>The rule.</summary>
    public string Expression { get; } = expression;

    /// <summary>What the user reads when the value is refused.</summary>
    public string Message { get; } = message;
}
