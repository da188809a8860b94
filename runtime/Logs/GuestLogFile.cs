using System.Globalization;
using System.Text;
using Wagi.Hosting.Logging;

namespace Wagi.Runtime.Logs;

/// <summary>
/// The stderr of one module in a file: <c>module.stderr</c>, as WAGI calls it, and <c>module.stderr.old</c>. The file is opened
/// for every line, so that nothing is held for a module that is quiet, and a file that somebody removes or moves away is begun anew.
/// </summary>
/// <param name="folder">Absolute path of the module's folder, which is made when it is missing.</param>
/// <param name="maxBytes">The size at which it becomes the old file.</param>
/// <param name="writer">Does the writing.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where to say that it cannot be written.</param>
internal sealed partial class GuestLogFile(
    string folder, long maxBytes, GuestLogWriter writer, TimeProvider time, ILogger<GuestLogFile> logger) : IGuestLines
{
    public const string FileName = "module.stderr";

    public const string OldFileName = FileName + ".old";

    private readonly string _path = Path.Combine(folder, FileName);
    private bool _hasFailed;
    private long _dropped;

    public void Add(string module, string request, string line) => Append($"{request} {line}");

    public void AddTruncated(string module, string request) =>
        Append($"{request} (more was written than is kept for one request; the rest is dropped)");

    public void AddDropped(string module, long lines) =>
        Append($"- ({lines} lines were dropped, because the module writes more per second than is kept)");

    private void Append(string text)
    {
        var now = time.GetUtcNow().ToString(LogTime.Format, CultureInfo.InvariantCulture);
        var dropped = Interlocked.Exchange(ref _dropped, 0);
        if (!writer.TryAdd(() => Write(now, text, dropped)))
        {
            Interlocked.Add(ref _dropped, dropped + 1);
        }
    }

    private void Write(string now, string text, long dropped)
    {
        try
        {
            if (dropped > 0)
            {
                Write($"{now} - ({dropped} lines were dropped, because the disk is too slow)\n");
            }

            Write($"{now} {text}\n");
            _hasFailed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Told once: a full disk must not fill the log as well, and a request does not depend on it.
            if (!_hasFailed)
            {
                LogNotWritten(_path, exception.Message);
            }

            _hasFailed = true;
        }
    }

    private void Write(string text)
    {
        var line = Encoding.UTF8.GetBytes(text);
        Directory.CreateDirectory(folder);
        if (new FileInfo(_path) is { Exists: true } file && file.Length + line.Length > maxBytes)
        {
            File.Move(_path, Path.Combine(folder, OldFileName), overwrite: true);
        }

        using var stream = new FileStream(
            _path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        stream.Write(line);
    }

    [LoggerMessage(LogLevel.Warning, "What modules write to stderr cannot be kept in {Path}, and is dropped: {Error}")]
    private partial void LogNotWritten(string path, string error);
}
