using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Tests.Planning;

/// <summary>What becomes of a spec whose module must be signed.</summary>
public sealed class SignatureTests
{
    private const string Key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErPJQBarQEXeRHgAnh6W9WcMtNhwDzdlQOuS1itvKoBrMcg9RFc/LnNguqkFbM7jj48F0AkPTdLaVXw7iR+LNQg==";
    private const string OtherKey = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE2meoIJGMGDTXCZKVb+QLoIwW4xInW2jiUphjNe9NpY73p+rsygjTvQ+c2mdWPKeskeFAVVMCSPSABX+u+2XM52hC+bNrR4079mG7E+gF0OLwdrQWA3C3MgTfMxrXqRFa";
    private const string Tag = "registry.example/hello:v1";
    private const string Pinned = $"registry.example/hello@{Scenario.Digest1}";

    private static readonly Resolution.Failed Unsigned = new(ModuleReason.SignatureInvalid, "it is not signed", IsFinal: true);
    private static readonly Resolution.Failed Unreachable = new(ModuleReason.RegistryUnreachable, "no answer", IsFinal: false);

    [Theory]
    [InlineData(Tag)]
    [InlineData(Pinned)]
    public void SignedModule_IsProgrammed_WithItsKeys_AndRequiresARuntimeThatVerifies(string module)
    {
        var resolved = Resolve(module, new Resolution.Found(Scenario.Digest1), out var requests);

        Assert.Equal([Key], Assert.Single(requests).SignatureKeys);
        Assert.Equal((ConditionStatus.True, ConditionReason.Resolved), (resolved.Status, resolved.Reason));
        Assert.Contains(
            $"module = {{ reference = \"oci://registry.example/hello@{Scenario.Digest1}\", requires = [\"signature\"] }}\nsignature_keys = [\"{Key}\"]\n",
            resolved.Entry!.Toml,
            StringComparison.Ordinal);
        Assert.Empty(ModulesTomlReader.Read(resolved.Entry.Toml, "modules.toml").Problems);
        Assert.Equal(["authorization", "files", "rate-limit", "signature"], ModuleCapabilities.Known.Order(StringComparer.Ordinal));
    }

    /// <summary>Whatever was served before: who moved the tag is to hear of it. Without an entry the last good version stays.</summary>
    [Theory]
    [InlineData(Tag)]
    [InlineData(Pinned)]
    public void UnsignedModule_IsNotResolved_NorIsItsDigestFromBefore(string module)
    {
        var before = Resolve(module, new Resolution.Found(Scenario.Digest1), out _);
        var resolved = Resolve(module, Unsigned, out _, before);

        Assert.Null(resolved.Entry);
        Assert.Equal((ConditionStatus.False, ModuleReason.SignatureInvalid, "it is not signed", true), (resolved.Status, resolved.Reason, resolved.Message, resolved.IsStalled));
    }

    [Theory]
    [InlineData(Tag)]
    [InlineData(Pinned)]
    public void RegistryThatDoesNotAnswer_LeavesWhatWasVerified_AsItIs(string module)
    {
        var before = Resolve(module, new Resolution.Found(Scenario.Digest1), out _);

        Assert.Equal(before.Entry!.Toml, Resolve(module, Unreachable, out _, before).Entry!.Toml);
        Assert.Equal(ConditionReason.ResolvedBefore, Resolve(module, Unreachable, out _, before).Reason);

        // So does an operator that has just started.
        Assert.Equal(before.Entry.Toml, Resolve(module, null, out _, before).Entry!.Toml);
    }

    /// <summary>A class that wants signatures from now on, or by others: what has never been verified so is not programmed on trust.</summary>
    [Theory]
    [InlineData(Tag)]
    [InlineData(Pinned)]
    public void WhatWasServedWithOtherKeys_IsVerifiedFirst(string module)
    {
        foreach (var keys in new string[][] { [], [OtherKey], [Key, OtherKey] })
        {
            var before = Resolve(module, new Resolution.Found(Scenario.Digest1), out _, null, keys);

            var asked = Resolve(module, null, out _, before);
            Assert.Null(asked.Entry);
            Assert.Equal((ConditionStatus.Unknown, ConditionReason.Resolving), (asked.Status, asked.Reason));
            Assert.Equal((ConditionStatus.False, ModuleReason.RegistryUnreachable), (Resolve(module, Unreachable, out _, before) is var failed ? failed.Status : "", failed.Reason));
            Assert.NotNull(Resolve(module, new Resolution.Found(Scenario.Digest1), out _, before).Entry);
        }
    }

    /// <summary><c>render</c> without <c>--resolve</c> asks nobody: the runtime verifies.</summary>
    [Theory]
    [InlineData(Tag)]
    [InlineData(Pinned)]
    public void WithoutResolving_TheKeysAreInTheEntryAllTheSame(string module)
    {
        var resolved = Resolve(module, null, out var requests, settings: new PlanSettings { ResolveTags = false });

        Assert.Empty(requests);
        Assert.Equal([Key], resolved.Entry!.Entry.SignatureKeys);
        Assert.Equal(["signature"], resolved.Entry.Entry.Requires);
    }

    [Fact]
    public void FileInThePlaceOfAModule_NeedsNoSignature()
    {
        var resolved = Resolve(Tag, null, out _, localModule: "/modules/hello.wasm");

        Assert.Empty(resolved.Entry!.Entry.SignatureKeys);
        Assert.Empty(resolved.Entry.Entry.Requires);
    }

    [Fact]
    public void DigestWithoutKeys_AsksNobody()
    {
        Assert.NotNull(Resolve(Pinned, null, out var requests, null, []).Entry);
        Assert.Empty(requests);
    }

    private static ResolvedSpec Resolve(
        string module,
        Resolution? answer,
        out IReadOnlyCollection<ResolutionRequest> requests,
        ResolvedSpec? before = null,
        string[]? keys = null,
        PlanSettings? settings = null,
        string? localModule = null)
    {
        var wagiModule = Scenario.Module("hello", new WagiModuleSpec { Route = "/hello", Module = module });
        wagiModule.Status = before?.Module is { } resolved ? new WagiModuleStatus { ResolvedModule = resolved } : null;
        Assert.True(SpecReader.TryRead(wagiModule, out var spec, out _));
        spec = spec with { Draft = spec.Draft with { SignatureKeys = [.. keys ?? [Key]] } };
        var input = new PlanInput
        {
            Modules = [wagiModule],
            LocalModules = localModule is null ? new Dictionary<string, string>() : new() { ["hello"] = localModule },
            Settings = settings ?? new PlanSettings(),
            Now = Scenario.Start,
        };

        // Once to hear what it wants to know, and once with the answer.
        var references = new References();
        new SpecResolver(input, references).Resolve(wagiModule, spec, before?.Entry);
        requests = references.Resolutions.ToImmutable();
        input = input with { Resolutions = answer is null ? new Dictionary<ResolutionRequest, Resolution>() : requests.ToDictionary(request => request, _ => answer) };
        return new SpecResolver(input, new References()).Resolve(wagiModule, spec, before?.Entry);
    }
}
