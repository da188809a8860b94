using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Wagi.Runtime.Sandbox;

namespace Wagi.Runtime.Requests;

/// <summary>A guest's stderr on its way to the log, line by line, with the names of module and request. Bounded in size and rate.</summary>
internal sealed partial class GuestLog : IGuestOutput
{
    private const int MaxLine = 8 << 10;

    private readonly ArrayBufferWriter<byte> _line = new();
    private ILogger _logger = null!;
    private HttpContext _context = null!;
    private LineBudget _budget = null!;
    private string _module = "";
    private int _left;
    private bool _isCut;

    /// <inheritdoc/>
    public CancellationToken Aborted => CancellationToken.None;

    public void Begin(ILogger logger, HttpContext context, string module, int limit, LineBudget budget)
    {
        _logger = logger;
        _context = context;
        _module = module;
        _left = limit;
        _budget = budget;
        _isCut = false;
    }

    /// <summary>Logs a last line that has no line feed, and lets go of the request.</summary>
    public void End()
    {
        LogLine();
        _context = null!;
        _logger = null!;
    }

    /// <inheritdoc/>
    public bool Write(ReadOnlySpan<byte> bytes)
    {
        if (_isCut)
        {
            return true;
        }

        var isTooMuch = bytes.Length > _left;
        var taken = isTooMuch ? bytes[.._left] : bytes;
        _left -= taken.Length;
        while (!taken.IsEmpty)
        {
            var feed = taken.IndexOf((byte)'\n');
            var part = feed < 0 ? taken : taken[..feed];
            var fits = part[..Math.Min(part.Length, MaxLine - _line.WrittenCount)];
            _line.Write(fits);
            if (fits.Length < part.Length)
            {
                LogLine();
                taken = taken[fits.Length..];
            }
            else if (feed >= 0)
            {
                LogLine();
                taken = taken[(feed + 1)..];
            }
            else
            {
                break;
            }
        }

        if (isTooMuch)
        {
            Cut();
        }

        return true;
    }

    /// <inheritdoc/>
    public bool Flush() => true;

    private void Cut()
    {
        LogLine();
        _isCut = true;
        LogTruncated(_logger, _module, _context.TraceIdentifier);
    }

    private void LogLine()
    {
        if (_line.WrittenCount == 0)
        {
            return;
        }

        if (_budget.TryTake(out var dropped))
        {
            if (dropped > 0)
            {
                LogDropped(_logger, _module, dropped);
            }

            if (_logger.IsEnabled(LogLevel.Information))
            {
                var line = Printable(_line.WrittenSpan);
                LogLine(_logger, _module, _context.TraceIdentifier, line);
            }
        }

        _line.ResetWrittenCount();
    }

    /// <summary>A guest must not be able to write to the operator's terminal, or to make up lines of its own.</summary>
    private static string Printable(ReadOnlySpan<byte> line)
    {
        var text = Encoding.UTF8.GetString(line).TrimEnd('\r');
        return text.Any(char.IsControl)
            ? string.Create(text.Length, text, (target, source) =>
            {
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = char.IsControl(source[i]) && source[i] != '\t' ? '\uFFFD' : source[i];
                }
            })
            : text;
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "{Module} {Request} stderr: {Line}")]
    private static partial void LogLine(ILogger logger, string module, string request, string line);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "{Module} {Request} stderr: more was written than is kept for one request; the rest is dropped")]
    private static partial void LogTruncated(ILogger logger, string module, string request);

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "{Module} stderr: {Lines} lines were dropped, because the module writes more per second than is kept")]
    private static partial void LogDropped(ILogger logger, string module, long lines);
}
