using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Sources;
using Wagi.Modules.Volumes;
using Wagi.Spin.Applications;
using Wagi.Spin.Manifests;
using Wagi.Spin.Outbound;

namespace Wagi.Spin.Importing;

/// <summary>The entries that do what a <c>spin.toml</c> does.</summary>
public sealed record SpinImport
{
    /// <summary>The entries, in the order of the triggers. Their files and folders lie where the <c>spin.toml</c> says.</summary>
    public required ImmutableArray<ModuleEntry> Entries { get; init; }

    /// <summary>What cannot be carried over at all, each with its reason.</summary>
    public required ImmutableArray<string> Refused { get; init; }

    /// <summary>What is otherwise than in Spin.</summary>
    public required ImmutableArray<string> Remarks { get; init; }

    /// <summary>Converts a manifest.</summary>
    public static SpinImport Of(SpinManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var routes = SpinRoutes.Of(manifest.Application, ImmutableDictionary<string, string>.Empty);
        var entries = ImmutableArray.CreateBuilder<ModuleEntry>();
        var refused = routes.Refused.ToBuilder();
        var remarks = routes.Remarks.ToBuilder();
        foreach (var route in routes.Routes)
        {
            var subject = $"component '{route.Component}'";
            var content = manifest.Contents[route.Component];
            if (content.File is null)
            {
                refused.Add($"{subject}: {content.NoFile}");
                continue;
            }

            entries.Add(new ModuleEntry
            {
                Id = UniqueId(route.Component, entries),
                Route = route.Route,
                Module = new ModuleReference(ModuleScheme.File, content.File),
                Entrypoint = route.Entrypoint,
                Argv = route.Argv,
                Environment = route.Environment,
                AllowedHosts = [.. route.Outbound.SelectMany(pattern => pattern.Origins).Distinct()],
                Files = [.. Mounts(content, subject, remarks)],
            });
            remarks.AddRange(content.LeftOut.Select(left => $"{subject}: {left}"));
            remarks.AddRange(route.Outbound.Where(pattern => pattern.Origins.IsEmpty).Select(pattern => Unlisted(subject, pattern)));
        }

        return new SpinImport { Entries = entries.ToImmutable(), Refused = refused.ToImmutable(), Remarks = [.. remarks.Distinct(StringComparer.Ordinal)] };
    }

    private static string Unlisted(string subject, OutboundPattern pattern) =>
        $"{subject}: the allowed host '{pattern}' is left out, because it stands for many; list the origins in allowed_hosts";

    private static IEnumerable<FilesMount> Mounts(SpinContent content, string subject, ImmutableArray<string>.Builder remarks)
    {
        foreach (var (folder, index) in content.Folders.Select((folder, index) => (folder, index)))
        {
            if (index >= FilesMount.MaxMounts)
            {
                remarks.Add($"{subject}: the files '{folder.Source}' are left out: a module has at most {FilesMount.MaxMounts} folders");
            }
            else if (!FilesMount.IsPath(folder.Path, out var error))
            {
                remarks.Add($"{subject}: the files '{folder.Source}' are left out: {error}");
            }
            else
            {
                yield return new FilesMount(new ModuleReference(ModuleScheme.File, folder.Source), folder.Path);
            }
        }
    }

    /// <summary>A component may have several routes; an entry has one.</summary>
    private static string UniqueId(string component, IEnumerable<ModuleEntry> others)
    {
        var taken = others.Select(entry => entry.Id).ToHashSet(StringComparer.Ordinal);
        return Enumerable.Range(1, taken.Count + 1).Select(number => number == 1 ? component : $"{component}-{number}").First(id => !taken.Contains(id));
    }
}
