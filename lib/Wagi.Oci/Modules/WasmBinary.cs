namespace Wagi.Oci.Modules;

/// <summary>Recognises Wasm binaries by their first bytes (WebAssembly core specification §5.5.16, component model "Binary Format").</summary>
public static class WasmBinary
{
    /// <summary>How many bytes tell what it is: the magic and the version with the layer.</summary>
    public const int PreambleSize = 8;

    /// <summary>Whether this begins with <c>\0asm</c>: a core module or a component.</summary>
    public static bool IsWasm(ReadOnlySpan<byte> content) => content.StartsWith("\0asm"u8);

    /// <summary>Whether this is a component: <c>\0asm</c>, a version, and layer 1.</summary>
    public static bool IsComponent(ReadOnlySpan<byte> content) =>
        content.Length >= PreambleSize && IsWasm(content) && content[6] == 1 && content[7] == 0;
}
