using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Wagi.Modules.Configuration;

namespace Wagi.Spin.Importing;

/// <summary>Writes entries as WagiModules. Their modules and files are pushed first, with the commands above each.</summary>
/// <param name="registry">The repository below which they are pushed.</param>
/// <param name="tag">The tag that they are pushed with.</param>
public sealed class WagiModuleWriter(string registry, string tag)
{
    /// <summary>A YAML document for each entry.</summary>
    public string Write(IEnumerable<ModuleEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return string.Join("---\n", entries.Select(Write));
    }

    private string Write(ModuleEntry entry)
    {
        var name = NameOf(entry.Id);
        var text = new StringBuilder();
        var module = $"{registry}/{name}:{tag}";
        Line(text, $"# wagi push {entry.Module.Value} {module}");
        var files = entry.Files.Select((mount, index) => (mount, Reference: $"{registry}/{name}-files{(index == 0 ? "" : $"-{index + 1}")}:{tag}")).ToList();
        foreach (var (mount, reference) in files)
        {
            Line(text, $"# wagi push --files {mount.Reference.Value} {reference}");
        }

        Line(text, "apiVersion: wagi.dev/v1alpha1");
        Line(text, "kind: WagiModule");
        Line(text, "metadata:");
        Line(text, $"  name: {Quote(name)}");
        Line(text, "spec:");
        Line(text, $"  route: {Quote(entry.Route.ToString())}");
        Line(text, $"  module: {Quote("oci://" + module)}");
        if (entry.Entrypoint is { } entrypoint)
        {
            Line(text, $"  entrypoint: {Quote(entrypoint)}");
        }

        if (entry.Argv is { } argv)
        {
            Line(text, $"  argv: {Quote(argv)}");
        }

        List(text, "allowedHosts", entry.AllowedHosts, host => Quote(host.ToString()));
        List(text, "files", files, pair => $"{{reference: {Quote("oci://" + pair.Reference)}, path: {Quote(pair.mount.Path)}}}");
        List(text, "env", entry.Environment, pair => $"{{name: {Quote(pair.Key)}, value: {Quote(pair.Value)}}}");
        return text.ToString();
    }

    private static void List<T>(StringBuilder text, string key, IReadOnlyCollection<T> items, Func<T, string> item)
    {
        if (items.Count > 0)
        {
            Line(text, $"  {key}:");
            foreach (var one in items)
            {
                Line(text, $"    - {item(one)}");
            }
        }
    }

    /// <summary>A name that Kubernetes takes (RFC 1123): old manifests have others.</summary>
    private static string NameOf(string id) => string.Concat(id.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-')).Trim('-');

    /// <summary>A JSON string, which is one in YAML, too.</summary>
    private static string Quote(string value) => $"\"{JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static void Line(StringBuilder text, string line) =>
        text.AppendJoin("", line.Select(character => char.IsControl(character) ? '?' : character)).Append('\n');
}
