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

    /// <summary>A new configuration, whose engine reads debug information if asked to, or if whoever started the process has said so.</summary>
    public static nint NewConfiguration(bool readsDebugInfo)
    {
        lock (Changing)
        {
            if (!readsDebugInfo || Get(Variable) != 0)
            {
                return NativeMethods.wasm_config_new();
            }

            _ = Set(Variable, "1", 0);
            try
            {
                return NativeMethods.wasm_config_new();
            }
            finally
            {
                _ = Unset(Variable);
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
