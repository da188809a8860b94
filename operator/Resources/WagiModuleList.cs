using k8s;
using k8s.Models;

namespace Wagi.Operator.Resources;

/// <summary>What the API server answers to a list request for WagiModules.</summary>
public sealed record WagiModuleList : IKubernetesObject<V1ListMeta>
{
    /// <inheritdoc/>
    public string ApiVersion { get; set; } = WagiModule.GroupVersion;

    /// <inheritdoc/>
    public string Kind { get; set; } = WagiModule.KindName + "List";

    /// <inheritdoc/>
    public V1ListMeta Metadata { get; set; } = new();

    /// <summary>The WagiModules.</summary>
    public IList<WagiModule> Items { get; set; } = [];
}
