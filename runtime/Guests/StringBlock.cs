using System.Buffers;
using System.Text;

namespace Wagi.Runtime.Guests;

/// <summary>
/// Strings as a guest receives its arguments and its environment: UTF-8, each ended by a NUL, one after the other. Built without
/// garbage, in an array that is kept for the next use.
/// </summary>
public sealed class StringBlock
{
    private byte[] _bytes = new byte[2048];
    private int[] _offsets = new int[64];
    private int _length;

    /// <summary>How many strings there are.</summary>
    public int Count { get; private set; }

    /// <summary>The strings with their NULs.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Where in <see cref="Bytes"/> each string starts.</summary>
    public ReadOnlySpan<int> Offsets => _offsets.AsSpan(0, Count);

    /// <summary>A string, without its NUL.</summary>
    public ReadOnlySpan<byte> this[int index] => _bytes.AsSpan(_offsets[index]..((index + 1 < Count ? _offsets[index + 1] : _length) - 1));

    /// <summary>Starts the next string.</summary>
    public StringBlock Begin()
    {
        if (Count == _offsets.Length)
        {
            Array.Resize(ref _offsets, Count * 2);
        }

        _offsets[Count++] = _length;
        return this;
    }

    /// <summary>Starts the next string with these bytes.</summary>
    public StringBlock Begin(ReadOnlySpan<byte> utf8) => Begin().Append(utf8);

    /// <summary>Continues the string. A NUL would end it early and is left out.</summary>
    public StringBlock Append(ReadOnlySpan<byte> utf8)
    {
        var target = Reserve(utf8.Length);
        if (!utf8.Contains((byte)0))
        {
            utf8.CopyTo(target);
            _length += utf8.Length;
            return this;
        }

        foreach (var value in utf8)
        {
            if (value != 0)
            {
                _bytes[_length++] = value;
            }
        }

        return this;
    }

    /// <summary>Continues the string. A lone surrogate becomes U+FFFD, a NUL is left out.</summary>
    public StringBlock Append(ReadOnlySpan<char> text)
    {
        var target = Reserve(text.Length * 3);
        if (Ascii.FromUtf16(text, target, out var written) != OperationStatus.Done)
        {
            written = Encoding.UTF8.GetBytes(text, target);
        }

        var encoded = target[..written];
        if (encoded.Contains((byte)0))
        {
            return Append(encoded.ToArray());
        }

        _length += written;
        return this;
    }

    /// <summary>Continues the string with a decimal number.</summary>
    public StringBlock Append(long number)
    {
        number.TryFormat(Reserve(20), out var written, provider: System.Globalization.CultureInfo.InvariantCulture);
        _length += written;
        return this;
    }

    /// <summary>Ends the string.</summary>
    public void End()
    {
        Reserve(1)[0] = 0;
        _length++;
    }

    /// <summary>Adds a whole string.</summary>
    public void Add(ReadOnlySpan<char> text) => Begin().Append(text).End();

    /// <summary>Adds strings that were built before.</summary>
    public void Add(StringBlock other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var start = _length;
        other.Bytes.CopyTo(Reserve(other._length));
        _length += other._length;
        foreach (var offset in other.Offsets)
        {
            if (Count == _offsets.Length)
            {
                Array.Resize(ref _offsets, Count * 2);
            }

            _offsets[Count++] = start + offset;
        }
    }

    /// <summary>Whether a string starts with these bytes.</summary>
    public bool ContainsPrefix(ReadOnlySpan<byte> prefix)
    {
        foreach (var offset in Offsets)
        {
            if (Bytes[offset..].StartsWith(prefix))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        _length = 0;
        Count = 0;
    }

    private Span<byte> Reserve(int count)
    {
        if (_bytes.Length - _length < count)
        {
            Array.Resize(ref _bytes, Math.Max(checked(_length + count), _bytes.Length * 2));
        }

        return _bytes.AsSpan(_length);
    }
}
