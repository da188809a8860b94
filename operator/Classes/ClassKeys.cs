using System.Collections.Immutable;
using System.Text;
using Wagi.Kubernetes.ApiServer;
using Wagi.Modules.Signatures;

namespace Wagi.Operator.Classes;

/// <summary>The public keys of a class's rules about signatures, those in Secrets included: read once, for all modules of a plan.</summary>
internal sealed class ClassKeys
{
    private readonly Func<ObjectKey, string, (byte[]? Value, string? Problem)> _find;
    private readonly ImmutableArray<(SignatureRule Rule, string? Text, string? Problem)> _keys;

    /// <param name="rules">The rules.</param>
    /// <param name="find">The value of a key of a Secret, or why there is none.</param>
    public ClassKeys(ClassRules rules, Func<ObjectKey, string, (byte[]? Value, string? Problem)> find)
    {
        _find = find;
        _keys = [.. rules.Signatures.SelectMany(rule => rule.Keys.Select(Read).Select(read => (rule, read.Text, read.Problem)))];
    }

    /// <summary>What is wrong with keys in Secrets, one sentence each.</summary>
    public IEnumerable<string> Problems => _keys.Where(key => key.Problem is not null).Select(key => $"spec.{key.Rule.Field}: {key.Problem}");

    /// <summary>The keys of a rule that can be read, one of which is enough, as <c>modules.toml</c> has them.</summary>
    public ImmutableArray<string> Of(SignatureRule rule) =>
        [.. _keys.Where(key => ReferenceEquals(key.Rule, rule)).Select(key => key.Text).OfType<string>().Distinct(StringComparer.Ordinal)];

    private (string? Text, string? Problem) Read(KeySource source)
    {
        var text = source.Pem;
        if (source.Secret is { } secret)
        {
            var (value, problem) = _find(secret.Object, secret.Key);
            if (value is null)
            {
                return (null, problem);
            }

            text = Encoding.UTF8.GetString(value);
        }

        return SignatureKey.TryParse(text, out var key, out var error)
            ? (key.Text, null)
            : (null, source.Secret is { } place ? $"key '{place.Key}' of Secret {place.Object}: {error}" : error);
    }
}
