using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Wagi.Hosting.Files;
using Wagi.Modules.Routes;

namespace Wagi.Runtime.Logs;

/// <summary>The folder of <c>--log-dir</c>: in it a folder for each module.</summary>
internal sealed class GuestLogDirectory : IDisposable
{
    private readonly ConcurrentDictionary<string, GuestLogFile> _files = new(StringComparer.Ordinal);
    private readonly Func<string, GuestLogFile> _create;
    private readonly GuestLogNaming _naming;
    private readonly GuestLogWriter _writer;

    /// <exception cref="IOException">The folder cannot be made or written to; the message names it and the option.</exception>
    public GuestLogDirectory(GuestLogOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        WritableFolder.Prepare(options.Directory, "log folder", "--log-dir");
        var logger = loggers.CreateLogger<GuestLogFile>();
        _writer = new GuestLogWriter();
        _naming = options.Naming;
        _create = name => new GuestLogFile(Path.Combine(options.Directory, name), options.MaxFileBytes, _writer, time, logger);
    }

    /// <summary>The file of a module: the same one for every version of it, because old and new run side by side during a reload.</summary>
    /// <param name="id">The module's id.</param>
    /// <param name="route">Its route.</param>
    public GuestLogFile For(string id, RoutePattern route) =>
        _files.GetOrAdd(_naming == GuestLogNaming.RouteHash ? GuestLogName.OfRoute(route.ToString()) : GuestLogName.Of(id), _create);

    /// <summary>Writes what waits. No module is served any more.</summary>
    public void Dispose() => _writer.Dispose();
}

/// <summary>Names the log folder of a module: what a person recognises, and a hash that keeps apart what looks alike.</summary>
internal static class GuestLogName
{
    private const int MaxReadable = 100;

    private const int HashDigits = 12;

    /// <summary>As WAGI 0.8.1 names it: the SHA-256 of the route.</summary>
    public static string OfRoute(string route) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(route)));

    /// <summary><c>default/hello</c> → <c>default-hello-5a1c8f02b7d3</c>. One name for one id, and a safe one whatever the id says.</summary>
    public static string Of(string id)
    {
        var readable = new StringBuilder();
        foreach (var character in id)
        {
            if (char.IsAsciiLetterOrDigit(character) || character is '_' or '.')
            {
                readable.Append(character);
            }
            else if (readable.Length > 0 && readable[^1] != '-')
            {
                readable.Append('-');
            }

            if (readable.Length == MaxReadable)
            {
                break;
            }
        }

        var name = readable.ToString().Trim('-', '.');
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..HashDigits];
        return name.Length == 0 ? hash : $"{name}-{hash}";
    }
}

/// <summary>Where guests' stderr is kept in files, and how much of it.</summary>
/// <param name="Directory">Absolute path of the folder; made when it is missing.</param>
/// <param name="MaxFileBytes">Size in bytes above which a module's file becomes its old file, in place of the one before it.</param>
/// <param name="Naming">What a module's folder in it is called.</param>
internal sealed record GuestLogOptions(string Directory, long MaxFileBytes, GuestLogNaming Naming)
{
    /// <summary>10 MiB, twice per module: the file and its old file.</summary>
    public const long DefaultMaxFileBytes = 10L << 20;
}

/// <summary>What the folder of a module's log is called.</summary>
internal enum GuestLogNaming
{
    /// <summary>Its id, made fit for a file name, with a hash.</summary>
    Id,

    /// <summary>The hash of its route, as in WAGI.</summary>
    RouteHash,
}
