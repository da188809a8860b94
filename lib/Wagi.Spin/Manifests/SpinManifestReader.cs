using System.Collections.Immutable;
using Tomlyn.Model;
using Wagi.Modules.Toml;
using Wagi.Spin.Applications;

namespace Wagi.Spin.Manifests;

/// <summary>
/// Reads a <c>spin.toml</c> of version 1 or 2. The keys are those of Spin's manifest reference; what they mean in version 1 is what Spin's crate
/// <c>manifest</c> makes of it in <c>compat.rs</c>.
/// </summary>
public static class SpinManifestReader
{
    /// <summary>Reads the text.</summary>
    /// <param name="text">The TOML.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <exception cref="FormatException">It is no such file; the message says where and why.</exception>
    public static SpinManifest Read(string text, string source)
    {
        var root = new Keys(TomlTables.Read(text, source), "the manifest");
        try
        {
            return (root["spin_manifest_version"] ?? root["spin_version"]) switch
            {
                2L or "2" => ReadVersion2(root),
                1L or "1" => ReadVersion1(root),
                null => throw new FormatException("'spin_manifest_version' is missing: it is 1 or 2"),
                var other => throw new FormatException($"'spin_manifest_version' is '{other}', and 1 and 2 are what can be read"),
            };
        }
        catch (FormatException exception)
        {
            throw new FormatException($"{source}: {exception.Message}", exception);
        }
    }

    private static SpinManifest ReadVersion2(Keys root)
    {
        var application = root.Table("application") ?? throw new FormatException("'[application]' is missing");
        var components = new List<(SpinComponent Component, SpinContent Content)>();
        if (root.Table("component") is { } tables)
        {
            components.AddRange(tables.Names.Select(id => ReadComponent(id, tables.Table(id)!)));
        }

        var triggers = ImmutableArray.CreateBuilder<SpinTrigger>();
        if (root.Table("trigger") is { } types)
        {
            foreach (var type in types.Names)
            {
                foreach (var (table, number) in types.Tables(type).Select((table, index) => (table, index + 1)))
                {
                    var keys = new Keys(table, $"[[trigger.{type}]] number {number}");
                    var component = keys["component"] as string;
                    if (keys["component"] is TomlTable inline)
                    {
                        component = $"{type}-{number}";
                        components.Add(ReadComponent(component, new Keys(inline, $"the component of [[trigger.{type}]] number {number}")));
                    }

                    triggers.Add(ReadTrigger(type, keys, component) with { Id = keys.Text("id") ?? $"{type}-{number}" });
                }
            }
        }

        return Make(application, application.Table("trigger")?.Table(SpinTrigger.Http), root, triggers, components);
    }

    private static SpinManifest ReadVersion1(Keys root)
    {
        var trigger = root.Table("trigger") ?? throw new FormatException("'trigger' is missing: it is a table such as { type = \"http\", base = \"/\" }");
        var type = trigger.Text("type") ?? throw new FormatException("'type' of 'trigger' is missing");
        var components = new List<(SpinComponent Component, SpinContent Content)>();
        var triggers = ImmutableArray.CreateBuilder<SpinTrigger>();
        foreach (var (table, number) in root.Tables("component").Select((table, index) => (table, index + 1)))
        {
            var keys = new Keys(table, $"[[component]] number {number}");
            var id = keys.Text("id") ?? throw new FormatException($"'id' of [[component]] number {number} is missing");
            components.Add(ReadComponent(id, keys));
            triggers.Add(ReadTrigger(type, keys.Table("trigger") ?? new Keys([], $"[component.trigger] of '{id}'"), id) with { Id = id });
        }

        return Make(root, trigger, root, triggers, components);
    }

    private static SpinManifest Make(
        Keys details, Keys? http, Keys root, ImmutableArray<SpinTrigger>.Builder triggers, List<(SpinComponent Component, SpinContent Content)> components)
    {
        if (components.GroupBy(pair => pair.Component.Id, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new FormatException($"there are two components '{twice.Key}'");
        }

        var variables = ImmutableSortedDictionary.CreateBuilder<string, string?>(StringComparer.Ordinal);
        if (root.Table("variables") is { } tables)
        {
            foreach (var name in tables.Names)
            {
                variables[name] = tables.Table(name)!.Text("default");
            }
        }

        var application = new SpinApplication
        {
            Name = details.Text("name") ?? "",
            Base = http?.Text("base") ?? "/",
            Triggers = triggers.ToImmutable(),
            Components = [.. components.Select(pair => pair.Component)],
            Variables = variables.ToImmutable(),
        };
        return new SpinManifest(
            application,
            components.ToImmutableDictionary(pair => pair.Component.Id, pair => pair.Content, StringComparer.Ordinal),
            details.Text("version") ?? "");
    }

    private static SpinTrigger ReadTrigger(string type, Keys keys, string? component)
    {
        if (type != SpinTrigger.Http)
        {
            return new SpinTrigger { Type = type, Component = component };
        }

        var executor = keys.Table("executor");
        return new SpinTrigger
        {
            Type = type,
            Component = component,
            Route = keys["route"] switch
            {
                string route => route,
                TomlTable { Count: > 0 } table when table.TryGetValue("private", out var isPrivate) && isPrivate is true => null,
                _ => throw keys.Wrong("route", "a path such as \"/hello\" or \"/hello/...\""),
            },
            Executor = executor?.Text("type") ?? SpinTrigger.Http,
            Entrypoint = executor?.Text("entrypoint"),
            Argv = executor?.Text("argv"),
            Needs =
            [
                .. keys["static_response"] is null ? Array.Empty<string>() : ["a static response"],
                .. Present(keys, "components", "components in front of it"),
                .. Present(keys, "dependencies", "components in front of it"),
            ],
        };
    }

    private static (SpinComponent Component, SpinContent Content) ReadComponent(string id, Keys keys)
    {
        var component = new SpinComponent
        {
            Id = id,
            Environment = keys.Map("environment"),
            Variables = keys["variables"] is null ? keys.Map("config") : keys.Map("variables"),
            OutboundHosts = [.. keys.Texts("allowed_outbound_hosts"), .. keys.Texts("allowed_http_hosts").SelectMany(Modern)],
            Needs =
            [
                .. keys.Texts("key_value_stores").Select(name => $"the key-value store '{name}'"),
                .. keys.Texts("sqlite_databases").Select(name => $"the SQLite database '{name}'"),
                .. keys.Texts("ai_models").Select(name => $"the AI model '{name}'"),
                .. (keys.Table("dependencies")?.Names ?? []).Select(name => $"the component '{name}' composed into it ('spin build' does not do that; compose it with wac)"),
            ],
        };
        return (component, ReadContent(keys));
    }

    /// <summary>Old manifests name hosts, which means them over HTTP and over HTTPS.</summary>
    private static IEnumerable<string> Modern(string host) => host switch
    {
        "insecure:allow-all" => [host],
        "self" => ["http://self"],
        _ when host.Contains("://", StringComparison.Ordinal) => [host],
        _ => ["http://" + host, "https://" + host],
    };

    private static IEnumerable<string> Present(Keys keys, string key, string need) => keys[key] is TomlTable { Count: > 0 } ? [need] : [];

    private static SpinContent ReadContent(Keys keys)
    {
        var noFile = keys["source"] switch
        {
            string => null,
            TomlTable table when table.TryGetValue("url", out var url) => $"its source is {url}; download it and name the file",
            TomlTable table when table.TryGetValue("package", out var package) => $"its source is the package '{package}' of a registry; pull it and name the file",
            null => throw keys.Wrong("source", "there"),
            _ => throw keys.Wrong("source", "a file"),
        };
        var folders = ImmutableArray.CreateBuilder<SpinFolder>();
        var leftOut = ImmutableArray.CreateBuilder<string>();
        foreach (var mount in keys.Items("files"))
        {
            var (name, folder) = mount switch
            {
                string pattern => (pattern, FolderOf(pattern)),
                TomlTable table when Text(table, "source") is { } source && Text(table, "destination") is { } destination =>
                    (source, new SpinFolder(source, "/" + destination.Trim('/'))),
                _ => throw keys.Wrong("files", "a list of patterns and of { source, destination }"),
            };
            if (!keys.Texts("exclude_files").IsEmpty)
            {
                leftOut.Add($"the files '{name}' are left out: modules see whole folders, and there are 'exclude_files'; put what it may see into a folder of its own");
            }
            else if (folder is null)
            {
                leftOut.Add($"the files '{name}' are left out: modules see whole folders; write {{ source = \"FOLDER\", destination = \"/PATH\" }}");
            }
            else if (folders.Any(other => other.Path == folder.Path))
            {
                leftOut.Add($"the files '{name}' are left out: there are others at '{folder.Path}'; put both into one folder");
            }
            else
            {
                folders.Add(folder);
            }
        }

        return new SpinContent(keys["source"] as string, noFile, folders.ToImmutable(), leftOut.ToImmutable());
    }

    private static string? Text(TomlTable table, string key) => table.TryGetValue(key, out var value) ? value as string : null;

    /// <summary>The folder that a pattern means as a whole; null: it means some files only.</summary>
    private static SpinFolder? FolderOf(string pattern)
    {
        var path = pattern.EndsWith("/**/*", StringComparison.Ordinal) ? pattern[..^5] : pattern;
        path = string.Join('/', path.Split('/').Where(segment => segment is not ("" or ".")));
        return path.Length == 0 || path.AsSpan().ContainsAny("*?[{") || path.Split('/').Contains("..") ? null : new SpinFolder(path, "/" + path);
    }
}
