using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Wagi.Runtime.Cache;

/// <summary>Who owns a file or folder, which .NET does not tell (<c>statx</c>, <c>chown</c>: Linux 4.11 and later).</summary>
[SupportedOSPlatform("linux")]
internal static partial class FolderOwner
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint UserField = 0x8; // STATX_UID

    /// <summary>The id of the user that a file or folder belongs to.</summary>
    /// <exception cref="IOException">The kernel does not tell.</exception>
    public static unsafe uint Of(string path)
    {
        var answer = default(StatxAnswer);
        return StatX(CurrentDirectory, path, 0, UserField, &answer) == 0 ? answer.User : throw Failure(path, "cannot be inspected");
    }

    /// <summary>Gives a folder, and nothing in it, to a user and to the group of the same id.</summary>
    /// <exception cref="IOException">This process may not do that; it needs the capability CHOWN.</exception>
    public static void Set(string path, uint user)
    {
        if (Chown(path, user, user) != 0) throw Failure(path, $"cannot be given to user {user}");
    }

    private static IOException Failure(string path, string what) => new($"'{path}' {what}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, StatxAnswer* answer);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);

    /// <summary><c>struct statx</c>, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxAnswer
    {
        [FieldOffset(20)]
        public uint User;
    }
}
