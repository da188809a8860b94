using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:filesystem</c> for a component without volumes: there are no directories, so that no file can be named.</summary>
internal static class FilesystemFunctions
{
    private const byte None = 0;

    public static void AddTo(LoweredFunctions functions)
    {
        functions.Add("wasi:filesystem/preopens", "get-directories", "i", "", static (in call) =>
        {
            call.StoreList(call.U32(0), 0, 12, 4);
            return 0;
        });
        functions.AddDrop<NeverHandedOut>("wasi:filesystem/types", "descriptor");
        functions.AddDrop<NeverHandedOut>("wasi:filesystem/types", "directory-entry-stream");
        functions.Add("wasi:filesystem/types", "filesystem-error-code", "ii", "", static (in call) =>
        {
            _ = call.Resource<NeverHandedOut>(0);
            call.Memory.WriteByte(call.U32(1), None);
            return 0;
        });
    }
}
