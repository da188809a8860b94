using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Kubernetes.Resources;

/// <summary>The custom resource <c>wagiclasses.wagi.dev</c>: to a WagiModule what an IngressClass is to an Ingress.</summary>
[Description("WagiClass is a pool of runtimes and what may be asked of it. A WagiModule names its class in spec.className, or gets the default one. " +
    "It belongs to the administrators of a cluster: who may write WagiModules usually may not write it.")]
[PrinterColumn("Default", "string", @".metadata.annotations.wagi\.dev/is-default-class", Description = "Whether WagiModules that name no class get this one.")]
[PrinterColumn("Runtimes", "string", ".spec.runtimes.namespace", Description = "Namespace of the runtimes.")]
[PrinterColumn("Routes", "string", ".spec.routes.mode", Description = "Which routes a namespace may have: Open or Prefix.")]
[PrinterColumn("Accepted", "string", ".status.conditions[?(@.type==\"Accepted\")].status", Description = "Whether the rules are in force as they stand here.")]
[PrinterColumn("Age", "date", ".metadata.creationTimestamp", Description = "Time since the WagiClass was created.")]
public sealed record WagiClass : IKubernetesObject<V1ObjectMeta>
{
    /// <summary>The <c>kind</c> of every WagiClass.</summary>
    public const string KindName = "WagiClass";

    /// <summary>The resource's name in URLs.</summary>
    public const string Plural = "wagiclasses";

    /// <summary>The resource's name for one object.</summary>
    public const string Singular = "wagiclass";

    /// <summary>What <c>kubectl get wc</c> means.</summary>
    public const string ShortName = "wc";

    /// <summary>The annotation that makes a class the default one, when its value is <c>true</c>.</summary>
    public const string DefaultAnnotation = "wagi.dev/is-default-class";

    /// <inheritdoc/>
    [Description("The version of the schema of this object. Example: wagi.dev/v1alpha1")]
    [AllowNull]
    public string ApiVersion { get => field ?? WagiModule.GroupVersion; set; }

    /// <inheritdoc/>
    [Description("The kind of this object. Example: WagiClass")]
    [AllowNull]
    public string Kind { get => field ?? KindName; set; }

    /// <inheritdoc/>
    [AllowNull]
    public V1ObjectMeta Metadata { get; set => field = value ?? new(); } = new();

    [Description("Which runtimes, for whom, and within which bounds. What is absent is not bounded. Example: {routes: {mode: Prefix}}")]
    [AllowNull]
    public WagiClassSpec Spec { get => field ?? new(); set; }

    [Description("Whether the rules are in force. Written by the operator. Example: {conditions: []}")]
    public WagiClassStatus? Status { get; set; }

    /// <summary>Its name.</summary>
    [JsonIgnore]
    public string Name => Metadata.Name ?? "";

    /// <summary>Whether it is marked as the class of WagiModules that name none.</summary>
    [JsonIgnore]
    public bool IsDefault => Metadata.Annotations?.TryGetValue(DefaultAnnotation, out var value) == true && value == "true";
}

/// <summary>What the operator reports about a WagiClass.</summary>
public sealed record WagiClassStatus
{
    [Description("Accepted: the rules are in force as spec says them. Example: [{type: Accepted, status: \"True\", reason: Accepted, message: …}]")]
    [Schema(MaxItems = 16, ListType = "map", ListMapKeys = "type")]
    public IReadOnlyList<Condition>? Conditions
    {
        get;
        init => field = value is null ? null : [.. value.OfType<Condition>()];
    }
}

/// <summary>WagiClasses as a resource of the API server.</summary>
public static class WagiClasses
{
    public static ApiResource Resource { get; } = new(WagiModule.Group, WagiModule.Version, WagiClass.Plural, WagiClass.KindName);

    public static ObjectKey KeyOf(string name) => new("", name);

    public static ObjectIdentity Identify(WagiClass item) => new(KeyOf(item.Name), item.Metadata.ResourceVersion);

    /// <summary>Drops what nobody reads and what is larger than all the rest.</summary>
    public static WagiClass Trim(WagiClass item)
    {
        item.Metadata.ManagedFields = null;
        return item;
    }
}
