using Wagi.Operator.Resources;

namespace Wagi.Operator.ApiServer;

/// <summary>WagiModules as a resource of the API server.</summary>
internal static class WagiModules
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
