using CsCheck;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Routes;
using Wagi.Modules.Volumes;

namespace Wagi.Operator.Tests.Planning;

/// <summary>WagiModules as an API server accepts them, up to the maxima of the schema.</summary>
internal static class HostileSpecs
{
    /// <summary>What JSON escapes, what TOML escapes, what YAML reads differently, and the ends of Unicode.</summary>
    public const string Awkward = "<>&'\"\\/\0\u0001\t\r\n\u007f\u0080\u0085\u00ad\u2028\u2029\ufeff\uffff\ufffd\ue000é漢😀\U0010ffff${}#";

    private static readonly Gen<string> Text = Gen.Select(Gen.Int[0, Awkward.Length - 1], Gen.OneOf(0, 1, 100, 5_000, SpecLimits.EnvironmentValueLength), Gen.Bool)
        .Select((start, length, same) => same ? Fill(Awkward[start].ToString(), length) : Fill(Awkward[start..] + Awkward[..start], length));

    private static readonly Gen<string> ObjectName = Gen.OneOf("api", "absent", Longest('s'), Longest('t'));

    private static readonly Gen<KeySelector> Selector =
        Gen.Select(ObjectName, Gen.OneOf("token", "large", "binary", Longest('k')), Gen.Bool)
        .Select((name, key, optional) => new KeySelector { Name = name, Key = key, Optional = optional });

    private static readonly Gen<EnvironmentVariable> Variable = Gen.OneOf(
        Text.Select(text => new EnvironmentVariable { Value = text }),
        Selector.Select(selector => new EnvironmentVariable { ValueFrom = new() { SecretKeyRef = selector } }),
        Selector.Select(selector => new EnvironmentVariable { ValueFrom = new() { ConfigMapKeyRef = selector } }));

    private static readonly Gen<WagiModuleSpec> Plain =
        Gen.Select(Variable.Array[0, 3], Gen.OneOf(0, 1, SpecLimits.Environment), Text, Text, Gen.Int[0, 50])
        .Select((variables, count, argv, entrypoint, route) => new WagiModuleSpec
        {
            Route = "/" + Fill(Awkward.Replace("#", "", StringComparison.Ordinal).Replace("\t\r\n", "", StringComparison.Ordinal), route == 0 ? SpecLimits.RouteLength - 10 : 0) + route,
            Module = $"registry.example/hello@{Scenario.Digest1}",
            Argv = argv.Length <= SpecLimits.ArgvLength ? argv : null,
            Entrypoint = entrypoint.Length is > 0 and <= SpecLimits.EntrypointLength ? entrypoint : null,
            Env = variables.Length == 0 ? null : [.. Enumerable.Range(0, count).Select(i => variables[i % variables.Length] with { Name = Name(i) })],
            ImagePullSecrets = count == 1 ? [new() { Name = Longest('p') }] : null,
        });

    /// <summary>The fields that take no text of one's own, at what they may hold.</summary>
    private static readonly Func<WagiModuleSpec, WagiModuleSpec>[] Extremes =
    [
        spec => spec with { Hosts = ["shop.example"] },
        spec => spec with { Hosts = [.. Enumerable.Range(0, SpecLimits.Hosts).Select(i => Host(i, HostPattern.MaxLength))] },
        spec => spec with { AllowedHosts = [.. Enumerable.Range(0, SpecLimits.AllowedHosts).Select(i => $"https://{Host(i, SpecLimits.AllowedHostLength - "https://:65535/".Length)}:65535/")] },
        spec => spec with
        {
            Files = [.. Enumerable.Range(0, FilesMount.MaxMounts).Select(i => new FilesSpec
            {
                Reference = Reference(SpecLimits.ModuleLength),
                Path = $"/{i}" + Fill("é漢😀 '\"<>&\\", FilesMount.MaxPathLength - 2),
            })],
        },
        spec => spec with { ImagePullSecrets = [.. Enumerable.Range(0, SpecLimits.ImagePullSecrets).Select(i => new LocalObjectReference { Name = Longest((char)('p' + i)) })] },
        spec => spec with { Module = Reference(200) },
        spec => spec with { Module = Reference(SpecLimits.ModuleLength) },
        spec => spec with
        {
            Module = "bindle:" + new string('b', SpecLimits.ModuleLength - "bindle:/1.0.0".Length) + "/1.0.0",
            BindleServer = "https://" + Host(0, 250) + "/" + new string('v', SpecLimits.UrlLength - 259),
        },
        spec => spec with
        {
            Timeout = "24h", MemoryLimit = "4Gi", MaxConcurrency = SpecLimits.Concurrency, HttpMaxConcurrency = SpecLimits.Concurrency, RateLimit = "100000/h",
            PassAuthorization = true, Compress = true,
        },
    ];

    /// <summary>Specs of modules.</summary>
    public static Gen<WagiModuleSpec> Any { get; } = Gen.Select(Plain, Gen.Int[0, Extremes.Length - 1].Array[0, 4])
        .Select((plain, extremes) => extremes.Aggregate(plain, (spec, extreme) => Extremes[extreme](spec)));

    /// <summary>A Secret or a ConfigMap whose name is as long as it may be.</summary>
    public static string Longest(char letter) => new(letter, SpecLimits.ObjectNameLength);

    private static string Name(int i) => $"V{i}_".PadRight(SpecLimits.EnvironmentNameLength, 'V');

    /// <summary>So many characters of a text that is repeated, without half a surrogate pair.</summary>
    public static string Fill(string text, int length)
    {
        var filled = string.Concat(Enumerable.Repeat(text, (length / text.Length) + 1))[..length];
        return new string([.. filled.Where((character, i) => !char.IsSurrogate(character)
            || (char.IsHighSurrogate(character) ? i + 1 < length && char.IsLowSurrogate(filled[i + 1]) : i > 0 && char.IsHighSurrogate(filled[i - 1])))]);
    }

    private static string Host(int number, int length) => $"{number}." + Fill(new string('h', 63) + ".", length - $"{number}.".Length - 1) + "h";

    private static string Reference(int length) =>
        "registry.example/" + new string('r', length - "registry.example/".Length - Scenario.Digest1.Length - 1) + "@" + Scenario.Digest1;
}
