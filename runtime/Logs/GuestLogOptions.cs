namespace Wagi.Runtime.Logs;

/// <summary>Where guests' stderr is kept in files, and how much of it.</summary>
/// <param name="Directory">Absolute path of the folder; made when it is missing.</param>
/// <param name="MaxFileBytes">Size in bytes above which a module's file becomes its old file, in place of the one before it.</param>
internal sealed record GuestLogOptions(string Directory, long MaxFileBytes)
{
    /// <summary>10 MiB, twice per module: the file and its old file.</summary>
    public const long DefaultMaxFileBytes = 10L << 20;
}
