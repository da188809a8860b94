using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// The custom resource <c>wagimodules.wagi.dev</c>. The <see cref="DescriptionAttribute"/> of a property is its documentation, here
/// and in <c>kubectl explain</c>; the other attributes become the schema of the CRD (<c>make crds</c>).
/// </summary>
[Description("WagiModule serves a WebAssembly module over HTTP: it names the module, the route that it answers, and what it may use. " +
    "Every request runs in a fresh instance, as in CGI: the request is in environment variables and standard input, the response goes to standard output.")]
[PrinterColumn("Route", "string", ".spec.route", Description = "The path that the module answers.")]
[PrinterColumn("Module", "string", ".spec.module", Description = "The module as the spec names it.")]
[PrinterColumn("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status", Description = "Whether every runtime serves the module as specified.")]
[PrinterColumn("Runtimes", "string", ".status.runtimes.summary", Description = "Runtimes that serve the module as specified, of those that requests are sent to: all, none, or 2/3.")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp", Description = "Time since the WagiModule was created.")]
[PrinterColumn("Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason", Priority = 1, Description = "Why the module is ready or not.")]
[PrinterColumn("URL", "string", ".status.url", Priority = 1, Description = "Where the module answers.")]
public sealed record WagiModule : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>API group.</summary>
    public const string Group = "wagi.dev";

    /// <summary>API version within <see cref="Group"/>.</summary>
    public const string Version = "v1alpha1";

    /// <summary>The <c>apiVersion</c> of every WagiModule.</summary>
    public const string GroupVersion = Group + "/" + Version;

    /// <summary>The <c>kind</c> of every WagiModule.</summary>
    public const string KindName = "WagiModule";

    /// <summary>The resource's name in URLs.</summary>
    public const string Plural = "wagimodules";

    /// <summary>The resource's name for one object.</summary>
    public const string Singular = "wagimodule";

    /// <summary>What <c>kubectl get wm</c> means.</summary>
    public const string ShortName = "wm";

    /// <inheritdoc/>
    [Description("The version of the schema of this object. Example: wagi.dev/v1alpha1")]
    [AllowNull]
    public string ApiVersion { get => field ?? GroupVersion; set; }

    /// <inheritdoc/>
    [Description("The kind of this object. Example: WagiModule")]
    [AllowNull]
    public string Kind { get => field ?? KindName; set; }

    /// <inheritdoc/>
    [AllowNull]
    public V1ObjectMeta Metadata { get; set => field = value ?? new(); } = new();

    [Description("What to serve, where, and with which limits. Example: {route: /hello, module: \"oci://ghcr.io/example/hello:v1\"}")]
    [Schema(Required = true)]
    [AllowNull]
    public WagiModuleSpec Spec { get; set => field = value ?? new(); } = new();

    [Description("What is really served. Written by the operator. Example: {routes: [/hello], runtimes: {summary: all}}")]
    [JsonConverter(typeof(OwnStatusConverter))]
    public WagiModuleStatus? Status { get; set; }

    /// <summary>Its namespace and name, which is also the id of its entry in <c>modules.toml</c>.</summary>
    [JsonIgnore]
    public ObjectKey Key => new(Metadata.NamespaceProperty ?? "", Metadata.Name ?? "");
}

/// <summary>WagiModules as a resource of the API server.</summary>
public static class WagiModules
{
    public static ApiResource Resource { get; } = new(WagiModule.Group, WagiModule.Version, WagiModule.Plural, WagiModule.KindName);

    public static ObjectIdentity Identify(WagiModule module) =>
        new(module.Key, module.Metadata.ResourceVersion);

    /// <summary>Drops what nobody reads and what is larger than all the rest.</summary>
    public static WagiModule Trim(WagiModule module)
    {
        module.Metadata.ManagedFields = null;
        return module;
    }
}

/// <summary>
/// A status that the operator cannot read is none of its own: somebody else has written it, within what the schema allows. It counts as missing, and
/// the next plan overwrites it. Otherwise one such object would keep all of them from being listed.
/// </summary>
public sealed class OwnStatusConverter : JsonConverter<WagiModuleStatus>
{
    /// <inheritdoc/>
    public override WagiModuleStatus? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var status = JsonElement.ParseValue(ref reader);
        try
        {
            return status.Deserialize(ResourcesJsonContext.Default.WagiModuleStatus);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, WagiModuleStatus value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value, ResourcesJsonContext.Default.WagiModuleStatus);
}

/// <summary>Source-generated JSON of the custom resource, in the form of the Kubernetes API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(WagiModule))]
[JsonSerializable(typeof(WagiModuleStatus))]
[JsonSerializable(typeof(WagiClass))]
[JsonSerializable(typeof(WagiClassStatus))]
[JsonSerializable(typeof(JsonElement))] // metadata.managedFields[].fieldsV1
public sealed partial class ResourcesJsonContext : JsonSerializerContext;
