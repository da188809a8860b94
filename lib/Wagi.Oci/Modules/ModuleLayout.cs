namespace Wagi.Oci.Modules;

/// <summary>How an artifact holds its module.</summary>
public enum ModuleLayout
{
    /// <summary>A layer is the Wasm binary: the CNCF Wasm artifact, wasm-to-oci and their relatives.</summary>
    WasmLayer,

    /// <summary>A container image with one <c>.wasm</c> file in its layers.</summary>
    ContainerImage,
}
