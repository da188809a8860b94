using System.Globalization;
using Wagi.Kubernetes.Resources;
using Xunit.Sdk;

namespace Wagi.Operator.Tests.Resources;

/// <summary>A spec that breaks one rule.</summary>
/// <param name="rule">What it breaks.</param>
/// <param name="needsCel">Whether only a CEL rule says so; the schema lets it pass.</param>
/// <param name="field">The field that a message names.</param>
/// <param name="spec">The spec as YAML in flow style.</param>
/// <param name="message">What an API server with CEL says; null: what it always says when a schema is broken.</param>
public sealed class BadSpec(string rule, bool needsCel, string field, string spec, string? message) : IXunitSerializable
{
    public BadSpec()
        : this("", false, "", "", null)
    {
    }

    public string Rule { get; private set; } = rule;

    public bool NeedsCel { get; private set; } = needsCel;

    public string Field { get; private set; } = field;

    public string Spec { get; private set; } = spec;

    public string? Message { get; private set; } = message;

    public string Manifest => $"apiVersion: wagi.dev/v1alpha1\nkind: WagiModule\nmetadata: {{name: bad}}\nspec: {Spec}\n";

    public static BadSpec Schema(string rule, string field, string spec, string? message = null) => new(rule, needsCel: false, field, spec, message);

    public static BadSpec Cel(string rule, string field, string spec, string message) => new(rule, needsCel: true, field, spec, message);

    public void Deserialize(IXunitSerializationInfo info)
    {
        Rule = info.GetValue<string>(nameof(Rule))!;
        NeedsCel = info.GetValue<bool>(nameof(NeedsCel));
        Field = info.GetValue<string>(nameof(Field))!;
        Spec = info.GetValue<string>(nameof(Spec))!;
        Message = info.GetValue<string>(nameof(Message));
    }

    public void Serialize(IXunitSerializationInfo info)
    {
        info.AddValue(nameof(Rule), Rule);
        info.AddValue(nameof(NeedsCel), NeedsCel);
        info.AddValue(nameof(Field), Field);
        info.AddValue(nameof(Spec), Spec);
        info.AddValue(nameof(Message), Message);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Field}: {Rule}");
}
