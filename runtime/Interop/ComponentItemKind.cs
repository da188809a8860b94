namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_component_item_kind_t</c>, the kinds that are looked for here.</summary>
internal enum ComponentItemKind : byte
{
    Instance = 1,
    Func = 3,
    Resource = 4,
}
