using System.Collections.Immutable;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Modules.Volumes;
using Wagi.Oci.Content;
using Wagi.Oci.References;

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

        if (local is null || !spec.Draft.Files.IsEmpty)
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

        var image = local ?? ResolveModule(module, spec, reader, last);
        if (image.Reference is null)
        {
            return image.Condition;
        }

        var condition = image.Condition;
        var files = ImmutableArray.CreateBuilder<FilesMount>();
        foreach (var mount in spec.Draft.Files)
        {
            var (reference, found) = ResolveImage(module, spec, Reference.Parse(mount.Reference.Value), mount.SignatureKeys, reader, last);
            if (reference is null)
            {
                return found with { Message = $"files at '{mount.Path}': {found.Message}" };
            }

            files.Add(mount with { Reference = reference });
            condition = condition with
            {
                Reason = found.Reason == ConditionReason.ResolvedBefore ? found.Reason : condition.Reason,
                Message = $"{condition.Message}; files at '{mount.Path}': {found.Message}",
                Files = [.. condition.Files, found.Module!],
            };
        }

        return condition with { Entry = Complete(spec, image.Reference, files.ToImmutable(), reader.Secrets?.LikeBefore(last?.Secrets), reader.Environment) };
    }

    private static ProgrammedEntry Complete(
        CheckedSpec spec, ModuleReference module, ImmutableArray<FilesMount> files, ModuleSecrets? secrets, ImmutableSortedDictionary<string, string> environment)
    {
        // A file is served instead of what was signed, for a person at a desk.
        var keys = module.Scheme == ModuleScheme.File ? [] : spec.Draft.SignatureKeys;
        var entry = spec.Draft with
        {
            Module = module,
            Files = files,
            SignatureKeys = keys,
            Environment = spec.Draft.Environment.SetItems(environment),
            SecretsVersion = secrets?.Version,
        };
        entry = entry with { Requires = [.. spec.Draft.Requires, .. ModuleCapabilities.Of(entry)] };
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

    private (ModuleReference? Reference, ResolvedSpec Condition) ResolveModule(
        WagiModule module, CheckedSpec spec, ReferenceReader reader, ProgrammedEntry? last)
    {
        if (spec.Image is not { } image)
        {
            return (spec.Draft.Module, Found(ConditionReason.Resolved, "a bindle never changes under its name", spec.Draft.Module.ToString()));
        }

        return ResolveImage(module, spec, image, spec.Draft.SignatureKeys, reader, last);
    }

    private (ModuleReference? Reference, ResolvedSpec Condition) ResolveImage(
        WagiModule module, CheckedSpec spec, Reference image, ImmutableArray<string> keys, ReferenceReader reader, ProgrammedEntry? last)
    {
        if (image.Digest is not null && (keys.IsEmpty || !input.Settings.ResolveTags))
        {
            return Resolved(image, image.Digest);
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
            SignatureKeys = keys,
        };
        references.Resolutions.Add(request);
        var wanted = image.Digest is null ? $"{image.Repository}:{image.Tag}" : $"the signature of {image.Repository}@{image.Digest}";
        var before = DigestBefore(module, image) is { } known && IsVerified(last, image, known, keys) ? known : null;
        return (input.Resolutions.GetValueOrDefault(request), before) switch
        {
            (Resolution.Found found, _) => Resolved(image, Digest.Parse(found.Digest)),
            // Not what the tag had before: whoever moved it is to hear of it, and the last good version stays for as long.
            (Resolution.Failed { Reason: ModuleReason.SignatureInvalid } failed, _) => (null, Unresolved(ConditionStatus.False, failed.Reason, failed.Message, failed.IsFinal)),
            (Resolution.Failed failed, null) => (null, Unresolved(ConditionStatus.False, failed.Reason, failed.Message, failed.IsFinal)),
            (Resolution.Failed failed, { } digest) => (Pin(image, digest), Found(
                ConditionReason.ResolvedBefore,
                $"{failed.Reason}: {failed.Message}; {(image.Digest is null ? "the digest that the tag had before is used" : "its signature was verified before")}",
                image.WithDigest(digest).ToString())),
            (_, { } digest) => Resolved(image, digest),
            _ => (null, Unresolved(ConditionStatus.Unknown, ConditionReason.Resolving, $"asking {image.Registry} for {wanted}", isStalled: false)),
        };
    }

    /// <summary>
    /// The digest that this very reference had when it was last resolved. With it, an operator that has just started, or whose registry is
    /// down, makes the same plan as before.
    /// </summary>
    private static Digest? DigestBefore(WagiModule module, Reference image)
    {
        foreach (var text in (module.Status?.ResolvedFiles ?? []).Prepend(module.Status?.ResolvedModule))
        {
            if (Reference.TryParse(text, out var before, out _)
                && before.Registry == image.Registry && before.Repository == image.Repository && before.Tag == image.Tag
                && (image.Digest is null || image.Digest == before.Digest))
            {
                return before.Digest;
            }
        }

        return null;
    }

    /// <summary>What has never been verified with these keys is not programmed on trust: its last good version stays meanwhile.</summary>
    private static bool IsVerified(ProgrammedEntry? last, Reference image, Digest digest, ImmutableArray<string> keys)
    {
        var pinned = Pin(image, digest);
        return keys.IsEmpty || (last?.Entry is { } entry
            && ((entry.Module == pinned && entry.SignatureKeys.SequenceEqual(keys))
                || entry.Files.Any(mount => mount.Reference == pinned && mount.SignatureKeys.Order(StringComparer.Ordinal).SequenceEqual(keys.Order(StringComparer.Ordinal)))));
    }

    private static (ModuleReference?, ResolvedSpec) Resolved(Reference image, Digest digest) =>
        (Pin(image, digest), Found(
            ConditionReason.Resolved,
            image.Digest is null ? $"{image} is {digest}" : "the module is named by its digest",
            image.WithDigest(digest).ToString()));

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

    /// <summary>The same of its files.</summary>
    public ImmutableArray<string> Files { get; init; } = [];
}
