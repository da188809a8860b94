using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Oci.Content;
using Wagi.Oci.References;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Planning;

/// <summary>Replaces the references in a spec by digests and by the content of Secrets and ConfigMaps.</summary>
internal sealed class SpecResolver(PlanInput input, References references)
{
    /// <summary>Resolves a spec.</summary>
    /// <param name="module">The WagiModule.</param>
    /// <param name="spec">Its checked spec.</param>
    /// <param name="last">Its entry so far; null when it has none.</param>
    public ResolvedSpec Resolve(WagiModule module, CheckedSpec spec, ProgrammedEntry? last)
    {
        var reader = new ReferenceReader(input, module.Key.Namespace, references);
        var local = LocalModule(spec);
        foreach (var variable in spec.Variables)
        {
            reader.Read(variable);
        }

        if (local is null)
        {
            foreach (var secret in spec.PullSecrets)
            {
                reader.ReadPullSecret(secret);
            }
        }

        if (reader.Problems.Count > 0)
        {
            return Unresolved(
                ConditionStatus.False,
                reader.Problems[0].Reason,
                string.Join("; ", reader.Problems.Select(problem => problem.Message)),
                reader.Problems.Exists(problem => problem.Reason is ConditionReason.SecretUnusable or ConditionReason.ConfigMapUnusable));
        }

        if (reader.Pending.Count > 0)
        {
            return Unresolved(ConditionStatus.Unknown, ConditionReason.Resolving, $"reading {string.Join(", ", reader.Pending.Distinct(StringComparer.Ordinal))}", isStalled: false);
        }

        var image = local ?? ResolveModule(module, spec, reader);
        return image.Reference is null ? image.Condition : image.Condition with { Entry = Complete(spec, image.Reference, reader.Secrets?.LikeBefore(last?.Secrets), reader.Environment) };
    }

    private static ProgrammedEntry Complete(
        CheckedSpec spec, ModuleReference module, ModuleSecrets? secrets, ImmutableSortedDictionary<string, string> environment)
    {
        var entry = spec.Draft with
        {
            Module = module,
            Environment = spec.Draft.Environment.SetItems(environment),
            SecretsVersion = secrets?.Version,
        };
        return new ProgrammedEntry(entry with { Revision = ContentHash.Of(ModulesTomlWriter.Write(entry)) }, secrets?.ToJson());
    }

    private (ModuleReference? Reference, ResolvedSpec Condition)? LocalModule(CheckedSpec spec)
    {
        if (spec.Image is not { } image
            || !input.LocalModules.TryGetValue(image.Repository[(image.Repository.LastIndexOf('/') + 1)..], out var path))
        {
            return null;
        }

        return (new ModuleReference(ModuleScheme.File, path), Found(ConditionReason.Resolved, $"{image} is served from {path}", path));
    }

    private (ModuleReference? Reference, ResolvedSpec Condition) ResolveModule(WagiModule module, CheckedSpec spec, ReferenceReader reader)
    {
        if (spec.Image is not { } image)
        {
            return (spec.Draft.Module, Found(ConditionReason.Resolved, "a bindle never changes under its name", spec.Draft.Module.ToString()));
        }

        if (image.Digest is { } pinned)
        {
            return (Pin(image, pinned), Found(ConditionReason.Resolved, "the module is named by its digest", image.ToString()));
        }

        if (!input.Settings.ResolveTags)
        {
            return (new ModuleReference(ModuleScheme.Oci, image.ToString()), Found(ConditionReason.Resolved, "the tag is left to the runtime", image.ToString()));
        }

        var request = new ResolutionRequest
        {
            Reference = image.ToString(),
            Namespace = module.Key.Namespace,
            PullSecrets = spec.PullSecrets,
            CredentialsVersion = reader.CredentialsVersion,
        };
        references.Resolutions.Add(request);
        var before = DigestBefore(module, image);
        return (input.Resolutions.GetValueOrDefault(request), before) switch
        {
            (Resolution.Found found, _) => Resolved(image, Digest.Parse(found.Digest)),
            (Resolution.Failed failed, null) => (null, Unresolved(ConditionStatus.False, failed.Reason, failed.Message, failed.IsFinal)),
            (Resolution.Failed failed, { } digest) => (Pin(image, digest), Found(
                ConditionReason.ResolvedBefore,
                $"{failed.Reason}: {failed.Message}; the digest that the tag had before is used",
                image.WithDigest(digest).ToString())),
            (_, { } digest) => Resolved(image, digest),
            _ => (null, Unresolved(ConditionStatus.Unknown, ConditionReason.Resolving, $"asking {image.Registry} for {image.Repository}:{image.Tag}", isStalled: false)),
        };
    }

    /// <summary>
    /// The digest that this very tag had when it was last resolved. With it, an operator that has just started, or whose registry is down,
    /// makes the same plan as before.
    /// </summary>
    private static Digest? DigestBefore(WagiModule module, Reference image) =>
        module.Status?.ResolvedModule is { } text && Reference.TryParse(text, out var before, out _)
            && before.Registry == image.Registry && before.Repository == image.Repository && before.Tag == image.Tag
            ? before.Digest
            : null;

    private static (ModuleReference?, ResolvedSpec) Resolved(Reference image, Digest digest) =>
        (Pin(image, digest), Found(ConditionReason.Resolved, $"{image} is {digest}", image.WithDigest(digest).ToString()));

    /// <summary>Without the tag: the digest decides, and a new name for it leaves the entry as it is.</summary>
    private static ModuleReference Pin(Reference image, Digest digest) =>
        new(ModuleScheme.Oci, $"{image.Registry}/{image.Repository}@{digest}");

    private static ResolvedSpec Found(string reason, string message, string module) =>
        new() { Status = ConditionStatus.True, Reason = reason, Message = message, Module = module };

    private static ResolvedSpec Unresolved(string status, string reason, string message, bool isStalled) =>
        new() { Status = status, Reason = reason, Message = message, IsStalled = isStalled };
}

/// <summary>What became of the references in a spec: the condition <c>Resolved</c>, and the entry when all were found.</summary>
internal sealed record ResolvedSpec
{
    /// <summary>Status of the condition.</summary>
    public required string Status { get; init; }

    /// <summary>Reason of the condition.</summary>
    public required string Reason { get; init; }

    /// <summary>Message of the condition.</summary>
    public required string Message { get; init; }

    /// <summary>Whether it will stay so until somebody changes something.</summary>
    public bool IsStalled { get; init; }

    /// <summary>The complete entry; null unless everything was found.</summary>
    public ProgrammedEntry? Entry { get; init; }

    /// <summary>The module with its tag and its digest, for people; null unless everything was found.</summary>
    public string? Module { get; init; }
}
