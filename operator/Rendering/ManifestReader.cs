using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using k8s.Models;
using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Problems;
using Wagi.Operator.Classes;
using Wagi.Operator.Planning;
using Wagi.Operator.Yaml;

namespace Wagi.Operator.Rendering;

/// <summary>
/// Reads one manifest file: WagiModules, WagiClasses, Namespaces, Secrets and ConfigMaps, in several documents and in lists. Other kinds are ignored.
/// </summary>
internal sealed partial class ManifestReader
{
    private const string DefaultNamespace = "default";

    private readonly string _version;
    private readonly ImmutableArray<ModuleManifest>.Builder _modules = ImmutableArray.CreateBuilder<ModuleManifest>();
    private readonly ImmutableDictionary<ObjectKey, SecretContent>.Builder _secrets = ImmutableDictionary.CreateBuilder<ObjectKey, SecretContent>();
    private readonly ImmutableDictionary<ObjectKey, ConfigMapContent>.Builder _configMaps = ImmutableDictionary.CreateBuilder<ObjectKey, ConfigMapContent>();
    private readonly ImmutableArray<ClassManifest>.Builder _classes = ImmutableArray.CreateBuilder<ClassManifest>();
    private readonly ImmutableArray<TenantNamespace>.Builder _namespaces = ImmutableArray.CreateBuilder<TenantNamespace>();
    private readonly ImmutableHashSet<ObjectKey>.Builder _unread = ImmutableHashSet.CreateBuilder<ObjectKey>();
    private readonly ImmutableArray<Problem>.Builder _problems = ImmutableArray.CreateBuilder<Problem>();

    private bool _hasUnreadClass;

    private ManifestReader(DateTime writtenAt) => _version = writtenAt.Ticks.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads a file. Never throws for what the text says.</summary>
    /// <param name="text">Its text.</param>
    /// <param name="file">Its name, for problems.</param>
    /// <param name="writtenAt">When it was written: it stands for the <c>resourceVersion</c> of the Secrets in it.</param>
    public static ManifestFile Read(string text, string file, DateTime writtenAt)
    {
        var reader = new ManifestReader(writtenAt);
        var documents = YamlReader.Read(text, file, out var problem);
        if (problem is not null)
        {
            return ManifestFile.Unreadable(problem, text);
        }

        foreach (var document in documents)
        {
            reader.ReadObject(document.Root as JsonObject, document, "");
        }

        return new ManifestFile(
            reader._modules.ToImmutable(),
            reader._secrets.ToImmutable(),
            reader._configMaps.ToImmutable(),
            reader._classes.ToImmutable(),
            reader._namespaces.ToImmutable(),
            reader._unread.ToImmutable(),
            reader._problems.ToImmutable())
        {
            HasUnreadClass = reader._hasUnreadClass,
        };
    }

    private void ReadObject(JsonObject? json, YamlDocument document, string path)
    {
        var apiVersion = Text(json?["apiVersion"]) ?? "";
        var kind = Text(json?["kind"]) ?? "";
        switch (kind)
        {
            case "List" or "SecretList" or "ConfigMapList" or "NamespaceList" or WagiModule.KindName + "List" or WagiClass.KindName + "List":
                ReadList(json!["items"] as JsonArray, document, path);
                break;
            case WagiModule.KindName when apiVersion == WagiModule.GroupVersion:
                ReadModule(json!, document, path);
                break;
            case WagiClass.KindName when apiVersion == WagiModule.GroupVersion:
                ReadClass(json!, document, path);
                break;
            case WagiModule.KindName or WagiClass.KindName:
                _hasUnreadClass |= kind == WagiClass.KindName;
                AddProblem(document, path, "apiVersion", $"apiVersion '{apiVersion}' is not known", $"write {WagiModule.GroupVersion}");
                break;
            case not WagiModule.KindName when apiVersion.StartsWith(WagiModule.Group + "/", StringComparison.Ordinal):
                _hasUnreadClass = true;
                AddProblem(document, path, "kind", $"kind '{kind}' is not known in {WagiModule.Group}", $"write {WagiModule.KindName} or {WagiClass.KindName}");
                break;
            case "Namespace" when apiVersion == "v1" && Text(json!["metadata"]?["name"]) is not null:
                json.Remove("status");
                if (ReadAs(json, ClassesJsonContext.Default.TenantNamespace, document, path) is { } item)
                {
                    _namespaces.Add(item);
                }

                break;
            case "Secret" when apiVersion == "v1" && ReadKey(json!, document, path) is { } key:
                ReadSecret(json!, key, document, path);
                break;
            case "ConfigMap" when apiVersion == "v1" && ReadKey(json!, document, path) is { } key:
                _configMaps[key] = new ConfigMapContent(Texts(json!["data"]).ToImmutableDictionary());
                break;
        }
    }

    private void ReadList(JsonArray? items, YamlDocument document, string path)
    {
        for (var i = 0; i < (items?.Count ?? 0); i++)
        {
            ReadObject(items![i] as JsonObject, document, string.Create(CultureInfo.InvariantCulture, $"{YamlDocument.Combine(path, "items")}[{i}]"));
        }
    }

    private void ReadModule(JsonObject json, YamlDocument document, string path)
    {
        // The output of kubectl get -o yaml has a status, which belongs to the cluster that it came from.
        json.Remove("status");
        var before = _problems.Count;
        ManifestSchema.Check(json, WagiModule.KindName, (field, message, hint) => AddProblem(document, path, field, message, hint));
        if (ReadKey(json, document, path) is not { } key)
        {
            return;
        }

        if (_problems.Count > before)
        {
            _unread.Add(key);
            return;
        }

        if (ReadAs(json, ResourcesJsonContext.Default.WagiModule, document, path) is not { } module)
        {
            _unread.Add(key);
            return;
        }

        module.Metadata = new V1ObjectMeta { Name = key.Name, NamespaceProperty = key.Namespace, CreationTimestamp = module.Metadata.CreationTimestamp };
        _modules.Add(new ModuleManifest(module, document, path));
    }

    private void ReadClass(JsonObject json, YamlDocument document, string path)
    {
        json.Remove("status");
        var before = _problems.Count;
        ManifestSchema.Check(json, WagiClass.KindName, (field, message, hint) => AddProblem(document, path, field, message, hint));
        if (Text(json["metadata"]?["name"]) is null)
        {
            AddProblem(document, path, "metadata.name", "metadata.name is missing", null);
        }

        if (_problems.Count == before && ReadAs(json, ResourcesJsonContext.Default.WagiClass, document, path) is { } item)
        {
            _classes.Add(new ClassManifest(item, document, path));
        }
        else
        {
            _hasUnreadClass = true;
        }
    }

    /// <summary>The object; null, with a problem, when it cannot be read.</summary>
    private T? ReadAs<T>(JsonObject json, JsonTypeInfo<T> type, YamlDocument document, string path)
        where T : class
    {
        try
        {
            return json.Deserialize(type)!;
        }
        catch (JsonException exception)
        {
            var field = exception.Path?.TrimStart('$', '.') ?? "";
            AddProblem(document, path, field, $"{field}: cannot be read as what it should be", null);
            return null;
        }
    }

    private void ReadSecret(JsonObject json, ObjectKey key, YamlDocument document, string path)
    {
        var data = ImmutableDictionary.CreateBuilder<string, byte[]>();
        foreach (var (name, value) in Texts(json["data"]))
        {
            var bytes = new byte[value.Length];
            if (Convert.TryFromBase64String(value, bytes, out var length))
            {
                data[name] = bytes[..length];
            }
            else
            {
                AddProblem(document, path, $"data.{name}", $"data.{name}: not base64", "write plain text under stringData instead");
            }
        }

        foreach (var (name, value) in Texts(json["stringData"]))
        {
            data[name] = Encoding.UTF8.GetBytes(value);
        }

        _secrets[key] = new SecretContent(key.ToString(), _version, Text(json["type"]) ?? "Opaque", data.ToImmutable());
    }

    private ObjectKey? ReadKey(JsonObject json, YamlDocument document, string path)
    {
        var metadata = json["metadata"] as JsonObject;
        var name = Text(metadata?["name"]) ?? "";
        var @namespace = Text(metadata?["namespace"]) ?? DefaultNamespace;
        if (!DnsSubdomain().IsMatch(name) || name.Length > SpecLimits.ObjectNameLength)
        {
            AddProblem(
                document, path, "metadata.name",
                name.Length == 0 ? "metadata.name is missing" : $"metadata.name '{name}' is not a name of small letters, digits, '-' and '.'", null);
            return null;
        }

        if (!DnsLabel().IsMatch(@namespace))
        {
            AddProblem(document, path, "metadata.namespace", $"metadata.namespace '{@namespace}' is not a name of small letters, digits and '-'", null);
            return null;
        }

        return new ObjectKey(@namespace, name);
    }

    private static IEnumerable<KeyValuePair<string, string>> Texts(JsonNode? map) =>
        (map as JsonObject ?? []).Where(pair => Text(pair.Value) is not null).Select(pair => KeyValuePair.Create(pair.Key, Text(pair.Value)!));

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private void AddProblem(YamlDocument document, string path, string field, string message, string? hint) =>
        _problems.Add(new Problem(document.Locate(YamlDocument.Combine(path, field)), ProblemSeverity.Error, message, hint));

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex DnsSubdomain();

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z")]
    private static partial Regex DnsLabel();
}
