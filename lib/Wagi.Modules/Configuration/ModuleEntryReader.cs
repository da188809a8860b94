using System.Collections.Immutable;
using Wagi.Modules.Cgi;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Problems;
using Wagi.Modules.Routes;
using Wagi.Modules.Signatures;
using Wagi.Modules.Sources;
using Wagi.Modules.Volumes;

namespace Wagi.Modules.Configuration;

/// <summary>Turns one <c>[[module]]</c> table into a <see cref="ModuleEntry"/> and collects everything that is wrong with it.</summary>
internal sealed class ModuleEntryReader(TomlTableValue table, ImmutableArray<Problem>.Builder problems)
{
    private const string TableHint = "write module = { reference = \"hello.wasm\", requires = [\"NAME\"] }";

    private const string FilesHint = "write files = [{ reference = \"oci://REGISTRY/REPOSITORY:TAG\", path = \"/site\" }]";

    /// <summary>The entry's id after <see cref="Read"/>, if it could be read.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Whether the entry has an id of its own.</summary>
    public bool HasOwnId => table.Values.ContainsKey(ModuleKeys.Id);

    /// <summary>The first error after <see cref="Read"/>; null when there is none.</summary>
    public Problem? Cause { get; private set; }

    private delegate bool Parser<T>(string text, out T? value, out string? error);

    /// <summary>The entry, or null when it cannot be used.</summary>
    public ModuleEntry? Read()
    {
        ReportUnknownKeys();
        var route = Required<RoutePattern>(ModuleKeys.Route, RoutePattern.TryParse);
        // The operator, which gives entries a revision, has said so to the author; whoever runs the runtimes need not know.
        if (route?.Caution is { } caution && !table.Values.ContainsKey(ModuleKeys.Revision))
        {
            Warn(table.Values[ModuleKeys.Route].Location, caution, RoutePattern.CautionHint);
        }

        var (module, requires) = ReadModule();
        Id = ReadId() ?? DefaultId(route);
        var entry = new ModuleEntry
        {
            Route = route!,
            Module = module!,
            Id = Id,
            Hosts = List<HostPattern>(ModuleKeys.Hosts, HostPattern.TryParse),
            Entrypoint = Text(ModuleKeys.Entrypoint),
            Argv = Text(ModuleKeys.Argv),
            Volumes = ReadVolumes(),
            Files = ReadFiles(),
            Environment = ReadEnvironment(),
            AllowedHosts = List<AllowedHost>(ModuleKeys.AllowedHosts, AllowedHost.TryParse),
            HttpMaxConcurrency = Positive(ModuleKeys.HttpMaxConcurrency),
            BindleServer = Text(ModuleKeys.BindleServer),
            Timeout = ReadTimeout(),
            MemoryLimit = ReadMemoryLimit(),
            MaxConcurrency = Positive(ModuleKeys.MaxConcurrency),
            RateLimit = ReadRateLimit(),
            Preinitialization = ReadPreinitialization(),
            PassAuthorization = Boolean(ModuleKeys.PassAuthorization),
            Compress = Boolean(ModuleKeys.Compress),
            SecretsVersion = Text(ModuleKeys.SecretsVersion),
            SignatureKeys = ReadSignatureKeys(module),
            Requires = requires,
            Revision = Text(ModuleKeys.Revision),
            Location = table.Location,
        };
        if (requires.Contains(ModuleCapabilities.Signature) && entry.SignatureKeys.IsEmpty && Cause is null)
        {
            Fail(
                table.Values[ModuleKeys.Module].Location,
                $"'{ModuleKeys.Module}.{ModuleKeys.Requires}' asks for a {ModuleCapabilities.Signature}, and there are no '{ModuleKeys.SignatureKeys}' to check it with",
                $"add {ModuleKeys.SignatureKeys} = [\"-----BEGIN PUBLIC KEY-----…\"]");
        }

        foreach (var path in entry.Volumes.Select(volume => volume.GuestPath).Concat(entry.Files.Select(mount => mount.Path))
            .CountBy(path => path, StringComparer.Ordinal).Where(path => path.Value > 1 && !entry.Files.IsEmpty).Select(path => path.Key))
        {
            Fail(table.Values[ModuleKeys.Files].Location, $"'{ModuleKeys.Files}': '{path}' is there twice, among '{ModuleKeys.Files}' and '{ModuleKeys.Volumes}'", null);
        }

        return Cause is null ? entry : null;
    }

    private static bool TryName(string text, out string? name, out string? error)
    {
        (name, error) = (text, text.Length == 0 ? $"'{ModuleKeys.Module}.{ModuleKeys.Requires}' contains an empty name" : null);
        return error is null;
    }

    private static bool TryFilesReference(string text, out ModuleReference? reference, out string? error) =>
        ModuleReference.TryParse(text, out reference, out error) && FilesMount.IsSource(reference, out error);

    private static bool TryKey(string text, out string? key, out string? error)
    {
        key = SignatureKey.TryParse(text, out var parsed, out error) ? parsed.Text : null;
        error = error is null ? null : $"'{ModuleKeys.SignatureKeys}': {error}";
        return error is null;
    }

    private string? ReadId()
    {
        var id = Text(ModuleKeys.Id);
        if (id is "")
        {
            Fail(table.Values[ModuleKeys.Id].Location, $"'{ModuleKeys.Id}' is empty", "without the line it is the route");
            return null;
        }

        return id;
    }

    /// <summary>WAGI's entries have no id: their hosts and route name them.</summary>
    private string DefaultId(RoutePattern? route)
    {
        var hosts = table.Values.TryGetValue(ModuleKeys.Hosts, out var value) && value is TomlArrayValue array
            ? string.Join(',', array.Items.OfType<TomlText>().Select(host => host.Value))
            : "";
        return hosts + route;
    }

    private void ReportUnknownKeys()
    {
        foreach (var (key, value) in table.Values)
        {
            if (!ModuleKeys.All.Contains(key) && ModuleKeys.All.FirstOrDefault(known => IsSpelledAs(known, key)) is { } meant)
            {
                // Ignored, a limit that is spelled as in a WagiModule would seem to hold.
                Fail(value.Location, $"unknown key '{key}'", $"write '{meant}'");
            }
            else if (!ModuleKeys.All.Contains(key))
            {
                var close = ModuleKeys.All.FirstOrDefault(known => IsNear(known, key)) ?? NearestName.Of(key, ModuleKeys.All);
                Warn(value.Location, $"unknown key '{key}' is ignored", close is null ? null : $"did you mean '{close}'?");
            }
        }
    }

    /// <summary>The same letters apart from case and separators, such as <c>rateLimit</c> and <c>rate_limit</c>.</summary>
    private static bool IsSpelledAs(string known, string key) => Letters(known).Equals(Letters(key), StringComparison.OrdinalIgnoreCase);

    /// <summary>One is the beginning of the other.</summary>
    private static bool IsNear(string known, string key)
    {
        var (a, b) = (Letters(known), Letters(key));
        return b.Length > 1
            && (a.StartsWith(b, StringComparison.OrdinalIgnoreCase) || b.StartsWith(a, StringComparison.OrdinalIgnoreCase));
    }

    private static string Letters(string key) => key.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal);

    private T? Required<T>(string key, Parser<T> parse)
        where T : class
    {
        if (!table.Values.ContainsKey(key))
        {
            Fail(table.Location, $"'{key}' is missing", key == ModuleKeys.Route ? "add a line such as route = \"/hello\"" : "add a line such as module = \"hello.wasm\"");
            return null;
        }

        return Text(key) is { } text ? Parse(table.Values[key].Location, text, parse) : null;
    }

    private T? Parse<T>(SourceLocation location, string text, Parser<T> parse)
        where T : class
    {
        if (parse(text, out var value, out var error))
        {
            return value;
        }

        Fail(location, error!, null);
        return null;
    }

    private string? Text(string key) => table.Values.TryGetValue(key, out var value) ? Text(key, value) : null;

    private string? Text(string key, TomlValue value)
    {
        if (value is not TomlText text)
        {
            Fail(value.Location, $"'{key}' must be a string and is {value.Kind}", null);
            return null;
        }

        return IsFreeOfNul(value.Location, key, text.Value) ? text.Value : null;
    }

    /// <summary>Neither a path nor an argument nor an environment variable can hold a NUL: who passes one on throws.</summary>
    private bool IsFreeOfNul(SourceLocation location, string key, string text)
    {
        if (!text.Contains('\0', StringComparison.Ordinal))
        {
            return true;
        }

        Fail(location, $"'{key}' contains a NUL character", null);
        return false;
    }

    private ImmutableArray<T> List<T>(string key, Parser<T> parse)
        where T : class =>
        table.Values.TryGetValue(key, out var value) ? Items(key, value, parse) : [];

    private ImmutableArray<T> Items<T>(string key, TomlValue value, Parser<T> parse)
        where T : class
    {
        if (value is not TomlArrayValue array)
        {
            Fail(value.Location, $"'{key}' must be an array of strings and is {value.Kind}", null);
            return [];
        }

        var items = ImmutableArray.CreateBuilder<T>();
        foreach (var item in array.Items)
        {
            if (Text(key, item) is { } text && Parse(item.Location, text, parse) is { } parsed)
            {
                items.Add(parsed);
            }
        }

        return items.ToImmutable();
    }

    private ImmutableSortedDictionary<string, string> Map(string key)
    {
        var map = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (table.Values.TryGetValue(key, out var value))
        {
            if (value is not TomlTableValue inner)
            {
                Fail(value.Location, $"'{key}' must be a table of strings and is {value.Kind}", null);
                return map.ToImmutable();
            }

            foreach (var (name, item) in inner.Values)
            {
                if (IsFreeOfNul(item.Location, key, name) && Text($"{key}.{name}", item) is { } text)
                {
                    map[name] = text;
                }
            }
        }

        return map.ToImmutable();
    }

    private ImmutableSortedDictionary<string, string> ReadEnvironment()
    {
        var environment = Map(ModuleKeys.Environment);
        foreach (var name in environment.Keys)
        {
            var location = ((TomlTableValue)table.Values[ModuleKeys.Environment]).Values[name].Location;
            if (name.Length == 0)
            {
                Fail(location, $"'{ModuleKeys.Environment}' has a variable without a name", null);
            }
            else if (name.Contains('=', StringComparison.Ordinal))
            {
                Fail(location, $"'{ModuleKeys.Environment}.{name}': the name of a variable cannot contain '='", null);
            }
            else if (MetaVariableNames.All.Contains(name))
            {
                Warn(location, $"'{ModuleKeys.Environment}.{name}' has no effect", $"every request sets {name}; choose another name");
            }
        }

        return environment;
    }

    private ImmutableArray<Volume> ReadVolumes()
    {
        var volumes = ImmutableArray.CreateBuilder<Volume>();
        foreach (var (guestPath, source) in Map(ModuleKeys.Volumes))
        {
            if (Volume.TryParse(guestPath, source, out var volume, out var error))
            {
                volumes.Add(volume);
            }
            else
            {
                Fail(table.Values[ModuleKeys.Volumes].Location, $"'{ModuleKeys.Volumes}': {error}", null);
            }
        }

        return volumes.ToImmutable();
    }

    private ImmutableArray<FilesMount> ReadFiles()
    {
        if (!table.Values.TryGetValue(ModuleKeys.Files, out var value))
        {
            return [];
        }

        if (value is not TomlArrayValue array)
        {
            Fail(value.Location, $"'{ModuleKeys.Files}' must be an array of tables and is {value.Kind}", FilesHint);
            return [];
        }

        if (array.Items.Length > FilesMount.MaxMounts)
        {
            Fail(value.Location, $"'{ModuleKeys.Files}' lists {array.Items.Length} and may list {FilesMount.MaxMounts}", null);
        }

        return [.. array.Items.Select(ReadMount).OfType<FilesMount>()];
    }

    private FilesMount? ReadMount(TomlValue item)
    {
        if (item is not TomlTableValue inner)
        {
            Fail(item.Location, $"an item of '{ModuleKeys.Files}' must be a table and is {item.Kind}", FilesHint);
            return null;
        }

        ModuleReference? reference = null;
        string? path = null;
        ImmutableArray<string> keys = [];
        foreach (var (key, value) in inner.Values)
        {
            var name = $"{ModuleKeys.Files}.{key}";
            switch (key)
            {
                case ModuleKeys.Reference:
                    reference = Text(name, value) is { } text ? Parse<ModuleReference>(value.Location, text, TryFilesReference) : null;
                    break;
                case ModuleKeys.Path:
                    path = Text(name, value);
                    if (path is not null && !FilesMount.IsPath(path, out var error))
                    {
                        Fail(value.Location, $"'{name}': {error}", null);
                    }

                    break;
                case ModuleKeys.SignatureKeys:
                    keys = Items<string>(name, value, TryKey);
                    break;
                default:
                    Fail(value.Location, $"unknown key '{name}'", FilesHint);
                    break;
            }
        }

        if (!inner.Values.ContainsKey(ModuleKeys.Reference) || !inner.Values.ContainsKey(ModuleKeys.Path))
        {
            Fail(inner.Location, $"an item of '{ModuleKeys.Files}' needs '{ModuleKeys.Reference}' and '{ModuleKeys.Path}'", FilesHint);
        }

        if (!keys.IsEmpty && reference is { Scheme: not ModuleScheme.Oci })
        {
            Fail(inner.Location, $"'{ModuleKeys.Files}.{ModuleKeys.SignatureKeys}': only files in an OCI registry can be signed, and '{reference}' is in none", null);
        }

        return reference is null || path is null ? null : new FilesMount(reference, path) { SignatureKeys = keys };
    }

    /// <summary>
    /// A reference, or a table of it and of what the entry requires. A key that is not known there is refused, as the whole table is by a
    /// runtime that knows of no requirements.
    /// </summary>
    private (ModuleReference? Module, ImmutableArray<string> Requires) ReadModule()
    {
        if (table.Values.TryGetValue(ModuleKeys.Requires, out var misplaced))
        {
            // Ignored like an unknown key, it would seem to protect.
            Fail(misplaced.Location, $"'{ModuleKeys.Requires}' stands beside '{ModuleKeys.Module}' and belongs into it", TableHint);
        }

        if (table.Values.GetValueOrDefault(ModuleKeys.Module) is not TomlTableValue inner)
        {
            return (Required<ModuleReference>(ModuleKeys.Module, ModuleReference.TryParse), []);
        }

        ModuleReference? module = null;
        ImmutableArray<string> requires = [];
        foreach (var (key, value) in inner.Values)
        {
            var name = $"{ModuleKeys.Module}.{key}";
            switch (key)
            {
                case ModuleKeys.Reference:
                    module = Text(name, value) is { } text ? Parse<ModuleReference>(value.Location, text, ModuleReference.TryParse) : null;
                    break;
                case ModuleKeys.Requires:
                    requires = Items<string>(name, value, TryName);
                    break;
                default:
                    Fail(value.Location, $"unknown key '{name}'", TableHint);
                    break;
            }
        }

        if (!inner.Values.ContainsKey(ModuleKeys.Reference))
        {
            Fail(inner.Location, $"'{ModuleKeys.Module}.{ModuleKeys.Reference}' is missing", TableHint);
        }

        return (module, requires);
    }

    private ImmutableArray<string> ReadSignatureKeys(ModuleReference? module)
    {
        var keys = List<string>(ModuleKeys.SignatureKeys, TryKey);
        if (keys.IsEmpty)
        {
            return [];
        }

        var location = table.Values[ModuleKeys.SignatureKeys].Location;
        if (keys.Length > SignatureKey.MaxKeys)
        {
            Fail(location, $"'{ModuleKeys.SignatureKeys}' lists {keys.Length} keys and may list {SignatureKey.MaxKeys}", null);
        }

        // Served unchecked, it would look as if it were signed.
        if (module is { Scheme: not ModuleScheme.Oci })
        {
            Fail(location, $"'{ModuleKeys.SignatureKeys}': only a module in an OCI registry can be signed, and '{module}' is in none", null);
        }

        return keys;
    }

    private int? Positive(string key)
    {
        if (!table.Values.TryGetValue(key, out var value))
        {
            return null;
        }

        if (value is TomlInteger { Value: >= 1 and <= int.MaxValue } integer)
        {
            return (int)integer.Value;
        }

        Fail(value.Location, $"'{key}' must be a positive integer", null);
        return null;
    }

    private bool Boolean(string key)
    {
        if (!table.Values.TryGetValue(key, out var value))
        {
            return false;
        }

        if (value is TomlBoolean boolean)
        {
            return boolean.Value;
        }

        Fail(value.Location, $"'{key}' must be true or false", null);
        return false;
    }

    private Preinitialization ReadPreinitialization()
    {
        if (!table.Values.TryGetValue(ModuleKeys.Preinitialize, out var value))
        {
            return Preinitialization.None;
        }

        // "true" in quotes is what somebody writes who is not sure; there is nothing else that it could mean.
        var text = value switch
        {
            TomlBoolean boolean => boolean.Value ? "true" : "false",
            TomlText { Value: var quoted } => quoted,
            _ => "",
        };
        if (!Preinitializations.TryParse(text, out var preinitialization))
        {
            Fail(value.Location, $"'{ModuleKeys.Preinitialize}' must be {Preinitializations.Values}", null);
        }

        return preinitialization;
    }

    private TimeSpan? ReadTimeout()
    {
        if (TextOrInteger(ModuleKeys.Timeout) is not { } text)
        {
            return null;
        }

        if (Duration.TryParse(text, out var duration, out var error))
        {
            return duration;
        }

        Fail(table.Values[ModuleKeys.Timeout].Location, $"'{ModuleKeys.Timeout}': {error}", null);
        return null;
    }

    private long? ReadMemoryLimit()
    {
        if (TextOrInteger(ModuleKeys.MemoryLimit) is not { } text)
        {
            return null;
        }

        if (ByteSize.TryParse(text, out var bytes, out var error))
        {
            if (bytes is >= ModuleLimits.MinMemory and <= ModuleLimits.MaxMemory)
            {
                return bytes;
            }

            error = $"'{text}' must be between {ByteSize.Format(ModuleLimits.MinMemory)}, one page, and {ByteSize.Format(ModuleLimits.MaxMemory)}";
        }

        Fail(table.Values[ModuleKeys.MemoryLimit].Location, $"'{ModuleKeys.MemoryLimit}': {error}", null);
        return null;
    }

    private RequestRate? ReadRateLimit()
    {
        if (Text(ModuleKeys.RateLimit) is not { } text)
        {
            return null;
        }

        if (RequestRate.TryParse(text, out var rate, out var error))
        {
            return rate;
        }

        Fail(table.Values[ModuleKeys.RateLimit].Location, $"'{ModuleKeys.RateLimit}': {error}", null);
        return null;
    }

    private string? TextOrInteger(string key) =>
        table.Values.GetValueOrDefault(key) is TomlInteger integer
            ? integer.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)
            : Text(key);

    private void Warn(SourceLocation location, string message, string? hint) =>
        problems.Add(new Problem(location, ProblemSeverity.Warning, message, hint));

    private void Fail(SourceLocation location, string message, string? hint)
    {
        var problem = new Problem(location, ProblemSeverity.Error, message, hint);
        Cause ??= problem;
        problems.Add(problem);
    }
}
