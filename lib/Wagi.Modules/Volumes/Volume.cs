using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Volumes;

/// <summary>A folder of the host that a guest sees.</summary>
/// <param name="GuestPath">Where the guest sees it, such as <c>/data</c>. Never empty.</param>
/// <param name="HostPath">The folder of the host; a relative path starts at the folder of <c>modules.toml</c>. Never empty.</param>
/// <param name="IsReadOnly">Whether the guest can only read it.</param>
public sealed record Volume(string GuestPath, string HostPath, bool IsReadOnly = false)
{
    private const string ReadOnlySuffix = ":ro";

    /// <summary>As container engines write it; it says what holds anyway.</summary>
    private const string WritableSuffix = ":rw";

    /// <summary>The host's side as <c>modules.toml</c> writes it: the path, followed by <c>:ro</c> for read-only.</summary>
    public string Source => IsReadOnly ? HostPath + ReadOnlySuffix : HostPath;

    /// <summary>Reads one pair of <c>volumes = { "GUEST" = "HOST" }</c>.</summary>
    /// <param name="guestPath">The key.</param>
    /// <param name="source">The value: a path, followed by <c>:ro</c> for read-only, or by <c>:rw</c>.</param>
    /// <param name="volume">The volume; null when something is wrong.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryParse(
        string guestPath, string source, [NotNullWhen(true)] out Volume? volume, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(guestPath);
        ArgumentNullException.ThrowIfNull(source);
        var isReadOnly = source.EndsWith(ReadOnlySuffix, StringComparison.Ordinal);
        var hostPath = isReadOnly || source.EndsWith(WritableSuffix, StringComparison.Ordinal) ? source[..^ReadOnlySuffix.Length] : source;
        volume = null;
        error = (guestPath, hostPath) switch
        {
            ("", _) => "the path that the guest sees is empty; name one such as /data",
            (_, "") => $"the folder of the host for '{guestPath}' is empty; '.' is that of modules.toml",
            _ when guestPath.Contains('\0', StringComparison.Ordinal) || hostPath.Contains('\0', StringComparison.Ordinal) =>
                "a path contains a NUL character",
            _ => null,
        };
        if (error is not null)
        {
            return false;
        }

        volume = new Volume(guestPath, hostPath, isReadOnly);
        return true;
    }

    /// <summary>The same with an absolute path of the host.</summary>
    /// <param name="baseDirectory">Where a relative path starts.</param>
    public Volume In(string baseDirectory) => this with { HostPath = Path.GetFullPath(HostPath, baseDirectory) };
}
