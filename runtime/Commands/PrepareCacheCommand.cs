using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Cache;

namespace Wagi.Runtime.Commands;

/// <summary>
/// <c>wagi prepare-cache DIR --owner USER</c>: what an init container of a pod does as root, because the kubelet makes a <c>hostPath</c> folder for
/// root and the runtime is somebody else.
/// </summary>
internal sealed class PrepareCacheCommand
{
    private const uint Root = 0;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Argument<string> _directory = new("DIR") { Description = "The cache directory; it is made when it is missing." };

    private readonly Option<uint> _owner = new("--owner")
    {
        Description = "Id of the user that the runtime runs as.",
        HelpName = "USER",
        Required = true,
    };

    public Command Create()
    {
        var command = new Command(
            "prepare-cache",
            "Give a new cache directory to the user that the runtime runs as, and to nobody else. For an init container that runs as root "
            + "with the capability CHOWN. A directory that holds something else is left alone.");
        command.Arguments.Add(_directory);
        command.Options.Add(_owner);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var directory = Path.GetFullPath(arguments.GetRequiredValue(_directory));
        var owner = arguments.GetRequiredValue(_owner);
        if (!OperatingSystem.IsLinux())
        {
            return await ExitCodes.FailAsync(arguments, "prepare-cache is for pods, which run on Linux");
        }

        try
        {
            Directory.CreateDirectory(directory);
            await arguments.InvocationConfiguration.Output.WriteLineAsync(Prepare(directory, owner));
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    [SupportedOSPlatform("linux")]
    private static string Prepare(string directory, uint owner)
    {
        try
        {
            return Give(directory, owner);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && FolderOwner.Of(directory) == owner)
        {
            // Another pod of this node was faster.
            return $"{directory} belongs to user {owner}";
        }
    }

    [SupportedOSPlatform("linux")]
    private static string Give(string directory, uint owner)
    {
        var present = FolderOwner.Of(directory);
        if (present == owner)
        {
            return $"{directory} belongs to user {owner}";
        }

        if (present != Root)
        {
            throw new IOException($"'{directory}' belongs to user {present}: give it to user {owner}, or choose another directory");
        }

        var other = Directory.EnumerateFileSystemEntries(directory).FirstOrDefault(entry => !CacheDirectory.MayHold(entry) || FolderOwner.Of(entry) != owner);
        if (other is not null)
        {
            throw new IOException($"'{other}' is no part of a module cache of user {owner}: choose a directory that is for the cache alone (in the chart: runtime.cache.hostPath.path)");
        }

        // First, while it is still ours to change.
        File.SetUnixFileMode(directory, OwnerOnly);
        FolderOwner.Set(directory, owner);
        return $"{directory} belongs to user {owner} now, and to nobody else";
    }
}

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
