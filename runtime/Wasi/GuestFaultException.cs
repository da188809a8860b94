namespace Wagi.Runtime.Wasi;

/// <summary>
/// A guest handed WASI a pointer that is out of bounds or misaligned. It becomes a trap, as the WASI documents demand
/// ("the function shall trap") and as Wasmtime does it.
/// </summary>
internal sealed class GuestFaultException(string message) : Exception(message);
