namespace Wagi.Oci.Modules;

/// <summary>What a <see cref="WasmModuleSource"/> accepts.</summary>
public sealed class WasmModuleSourceOptions
{
    /// <summary>Largest Wasm binary, in bytes.</summary>
    public long MaxModuleSize { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Most bytes that the layers of one container image may unpack to while they are searched:
    /// a small archive can unpack to a thousand times its size.
    /// </summary>
    public long MaxUnpackedSize { get; init; } = 1024L * 1024 * 1024;
}
