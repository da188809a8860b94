using System.Runtime.InteropServices;

namespace Wagi.Runtime.Interop;

/// <summary>
/// Whether traps name files and lines. The C API has no function for it: a new configuration takes it from a variable of the environment, that of the
/// process itself and not .NET's copy.
/// </summary>
internal static partial class DebugInfo
{
    private const string Variable = "WASMTIME_BACKTRACE_DETAILS";

    private static readonly Lock Changing = new();

    /// <summary>
    /// A new configuration, whose engine reads debug information if asked to. What the variable says otherwise does not count: the compiler, which has
    /// an environment of its own, would make code that does not fit.
    /// </summary>
    public static nint NewConfiguration(bool readsDebugInfo)
    {
        lock (Changing)
        {
            var before = Marshal.PtrToStringUTF8(Get(Variable));
            _ = Set(Variable, readsDebugInfo ? "1" : "0", 1);
            try
            {
                return NativeMethods.wasm_config_new();
            }
            finally
            {
                _ = before is null ? Unset(Variable) : Set(Variable, before, 1);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Get(string name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(string name, string value, int overwrite);

    [LibraryImport("libc", EntryPoint = "unsetenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unset(string name);
}
