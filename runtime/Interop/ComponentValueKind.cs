namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_component_valkind_t</c>, the kinds that WASI preview 2 has a use for.</summary>
internal enum ComponentValueKind : byte
{
    Bool = 0,
    U8 = 2,
    U32 = 6,
    U64 = 8,
    String = 12,
    List = 13,
    Record = 14,
    Tuple = 15,
    Variant = 16,
    Enum = 17,
    Option = 18,
    Result = 19,
    Resource = 21,
}
