using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Logs;

namespace Wagi.Runtime.Cgi;

/// <summary>A guest's stderr on its way to where it is kept, line by line, with the names of module and request. Bounded in size and rate.</summary>
internal sealed class GuestLog : IGuestOutput
{
    private const int MaxLine = 8 << 10;

    private readonly ArrayBufferWriter<byte> _line = new();
    private IGuestLines _lines = null!;
    private HttpContext _context = null!;
    private LineBudget _budget = null!;
    private string _module = "";
    private int _left;
    private bool _isCut;

    /// <inheritdoc/>
    public CancellationToken Aborted => CancellationToken.None;

    /// <summary>The id of the request that has begun.</summary>
    public string RequestId => _context.TraceIdentifier;

    public void Begin(IGuestLines lines, HttpContext context, string module, int limit, LineBudget budget)
    {
        _lines = lines;
        _context = context;
        _module = module;
        _left = limit;
        _budget = budget;
        _isCut = false;
    }

    /// <summary>Passes on a last line without a line feed, and forgets the request.</summary>
    public void End()
    {
        FlushLine();
        _context = null!;
        _lines = null!;
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
                FlushLine();
                taken = taken[fits.Length..];
            }
            else if (feed >= 0)
            {
                FlushLine();
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
        FlushLine();
        _isCut = true;
        if (MayAdd())
        {
            _lines.AddTruncated(_module, _context.TraceIdentifier);
        }
    }

    private void FlushLine()
    {
        if (_line.WrittenCount == 0)
        {
            return;
        }

        if (MayAdd())
        {
            _lines.Add(_module, _context.TraceIdentifier, Printable(_line.WrittenSpan));
        }

        _line.ResetWrittenCount();
    }

    private bool MayAdd()
    {
        if (!_budget.TryTake(out var dropped))
        {
            return false;
        }

        if (dropped > 0)
        {
            _lines.AddDropped(_module, dropped);
        }

        return true;
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
}
