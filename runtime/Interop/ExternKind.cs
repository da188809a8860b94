namespace Wagi.Runtime.Interop;

/// <summary><c>wasmtime_extern_kind_t</c>, the kinds that are used here.</summary>
internal enum ExternKind : byte
{
    Func = 0,
    Memory = 3,
}
