namespace Wagi.Oci.Modules;

/// <summary>In which form a module is pushed.</summary>
public enum PublishLayout
{
    /// <summary>The CNCF Wasm OCI artifact: layer <c>application/wasm</c>, config <c>application/vnd.wasm.config.v0+json</c>.</summary>
    Cncf,

    /// <summary>As wasm-to-oci does it: layer <c>application/vnd.wasm.content.layer.v1+wasm</c>, an empty config.</summary>
    WasmToOci,
}
