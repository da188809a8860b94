namespace Wagi.Runtime.Interop;

/// <summary>What a call that may fail gave back: an error or a trap, owned, or neither. <see cref="Free"/> it or take its message.</summary>
internal unsafe struct NativeError(nint error, nint trap)
{
    private nint _error = error;
    private nint _trap = trap;

    public readonly bool IsFailure => _error != 0 || _trap != 0;

    /// <summary>The message on one line; frees the error.</summary>
    public string TakeMessage()
    {
        ByteVec message;
        if (_trap != 0)
        {
            NativeMethods.wasm_trap_message(_trap, &message);
        }
        else if (_error != 0)
        {
            NativeMethods.wasmtime_error_message(_error, &message);
        }
        else
        {
            return "";
        }

        Free();
        return Flatten(message.TakeText());
    }

    public void Free()
    {
        if (_error != 0)
        {
            NativeMethods.wasmtime_error_delete(_error);
        }

        if (_trap != 0)
        {
            NativeMethods.wasm_trap_delete(_trap);
        }

        _error = 0;
        _trap = 0;
    }

    private static string Flatten(string message) => string.Join(
        "; ", message.Split('\n', '\0').Select(line => line.Trim()).Where(line => line.Length > 0));
}
