using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Wagi.Modules.Limits;
using Wagi.Modules.Volumes;

namespace Wagi.Modules.Configuration;

/// <summary>Writes <c>modules.toml</c>. The same entries always give the same bytes, so that nothing is written when nothing changed.</summary>
public static class ModulesTomlWriter
{
    /// <summary>The file for <paramref name="entries"/>, in their order; <see cref="ModulesTomlReader"/> reads the same entries back.</summary>
    public static string Write(IEnumerable<ModuleEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return string.Join('\n', entries.Select(Write));
    }

    /// <summary>One <c>[[module]]</c>. A key that has its default is left out.</summary>
    public static string Write(ModuleEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var toml = new StringBuilder("[[module]]\n");
        Text(toml, ModuleKeys.Id, entry.Id);
        Text(toml, ModuleKeys.Route, entry.Route.ToString());
        Array(toml, ModuleKeys.Hosts, entry.Hosts);
        Module(toml, entry);
        Text(toml, ModuleKeys.Entrypoint, entry.Entrypoint);
        Text(toml, ModuleKeys.Argv, entry.Argv);
        Array(toml, ModuleKeys.AllowedHosts, entry.AllowedHosts);
        Number(toml, ModuleKeys.HttpMaxConcurrency, entry.HttpMaxConcurrency);
        Text(toml, ModuleKeys.BindleServer, entry.BindleServer);
        Text(toml, ModuleKeys.Timeout, entry.Timeout is { } timeout ? Duration.Format(timeout) : null);
        Text(toml, ModuleKeys.MemoryLimit, entry.MemoryLimit is { } bytes ? ByteSize.Format(bytes) : null);
        Number(toml, ModuleKeys.MaxConcurrency, entry.MaxConcurrency);
        Text(toml, ModuleKeys.RateLimit, entry.RateLimit?.ToString());
        Preinitialize(toml, entry.Preinitialization);
        Boolean(toml, ModuleKeys.PassAuthorization, entry.PassAuthorization);
        Boolean(toml, ModuleKeys.Compress, entry.Compress);
        Text(toml, ModuleKeys.SecretsVersion, entry.SecretsVersion);
        Array(toml, ModuleKeys.SignatureKeys, entry.SignatureKeys);
        Text(toml, ModuleKeys.Revision, entry.Revision);
        Table(toml, ModuleKeys.Volumes, entry.Volumes.OrderBy(volume => volume.GuestPath, StringComparer.Ordinal).Select(volume => KeyValuePair.Create(volume.GuestPath, volume.Source)));
        Files(toml, entry.Files);
        Table(toml, ModuleKeys.Environment, entry.Environment);
        return toml.ToString();
    }

    private static void Module(StringBuilder toml, ModuleEntry entry)
    {
        var reference = entry.Module.ToString();
        if (entry.Requires.IsDefaultOrEmpty)
        {
            Text(toml, ModuleKeys.Module, reference);
            return;
        }

        toml.Append(
            CultureInfo.InvariantCulture,
            $"{ModuleKeys.Module} = {{ {ModuleKeys.Reference} = {Quote(reference)}, {ModuleKeys.Requires} = {Items(entry.Requires)} }}\n");
    }

    private static void Files(StringBuilder toml, ImmutableArray<FilesMount> files)
    {
        if (files.IsDefaultOrEmpty)
        {
            return;
        }

        var mounts = files.OrderBy(mount => mount.Path, StringComparer.Ordinal).Select(mount =>
        {
            var keys = mount.SignatureKeys.IsDefaultOrEmpty ? "" : $", {ModuleKeys.SignatureKeys} = {Items([.. mount.SignatureKeys.Order(StringComparer.Ordinal)])}";
            return $"{{ {ModuleKeys.Reference} = {Quote(mount.Reference.ToString())}, {ModuleKeys.Path} = {Quote(mount.Path)}{keys} }}";
        });
        toml.Append(CultureInfo.InvariantCulture, $"{ModuleKeys.Files} = [{string.Join(", ", mounts)}]\n");
    }

    private static void Preinitialize(StringBuilder toml, Preinitialization value)
    {
        if (Preinitializations.Format(value) is { } text)
        {
            toml.Append(CultureInfo.InvariantCulture, $"{ModuleKeys.Preinitialize} = {(value == Preinitialization.WithRandom ? Quote(text) : text)}\n");
        }
    }

    private static void Text(StringBuilder toml, string key, string? value)
    {
        if (value is not null)
        {
            toml.Append(key).Append(" = ").Append(Quote(value)).Append('\n');
        }
    }

    private static void Number(StringBuilder toml, string key, int? value)
    {
        if (value is not null)
        {
            toml.Append(CultureInfo.InvariantCulture, $"{key} = {value}\n");
        }
    }

    private static void Boolean(StringBuilder toml, string key, bool value)
    {
        if (value)
        {
            toml.Append(key).Append(" = true\n");
        }
    }

    private static void Array<T>(StringBuilder toml, string key, ImmutableArray<T> values)
        where T : notnull
    {
        if (!values.IsDefaultOrEmpty)
        {
            toml.Append(key).Append(" = ").Append(Items(values)).Append('\n');
        }
    }

    private static string Items<T>(ImmutableArray<T> values)
        where T : notnull =>
        $"[{string.Join(", ", values.Select(value => Quote(value.ToString()!)))}]";

    private static void Table(StringBuilder toml, string key, IEnumerable<KeyValuePair<string, string>> values)
    {
        var pairs = string.Join(", ", values.Select(pair => $"{Quote(pair.Key)} = {Quote(pair.Value)}"));
        if (pairs.Length > 0)
        {
            toml.Append(CultureInfo.InvariantCulture, $"{key} = {{ {pairs} }}\n");
        }
    }

    /// <summary>
    /// A basic string (TOML 1.0 "String"): quotes, backslashes and control characters are escaped. So is U+FFFD, which Tomlyn takes for a
    /// sign that the file was not UTF-8.
    /// </summary>
    private static string Quote(string value)
    {
        var quoted = new StringBuilder(value.Length + 2).Append('"');
        foreach (var character in value)
        {
            _ = character switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append(@"\\"),
                '\n' => quoted.Append(@"\n"),
                '\r' => quoted.Append(@"\r"),
                '\t' => quoted.Append(@"\t"),
                < ' ' or '\x7f' or '\ufffd' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}"),
                _ => quoted.Append(character),
            };
        }

        return quoted.Append('"').ToString();
    }
}
