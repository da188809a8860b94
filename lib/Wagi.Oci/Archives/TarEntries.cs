using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Archives;

/// <summary>
/// Reads a tar archive from beginning to end: ustar and pax (POSIX.1-2024, <c>pax</c>, "ustar Interchange Format"), and GNU's long names. The
/// archive is anybody's, so what it says about itself takes no memory: names have a bound, which those of .NET's TarReader do not.
/// </summary>
/// <param name="archive">The archive. It stays open.</param>
internal sealed class TarEntries(Stream archive) : ForwardStream
{
    /// <summary>Bytes of a pax header or long name.</summary>
    private const int MaxExtensionSize = 64 << 10;

    /// <summary>Bytes of an entry: far more than there are disks for, so that nothing overflows.</summary>
    private const long MaxSize = 1L << 60;

    private const int BlockSize = 512;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _block = new byte[BlockSize];
    private long _left;
    private long _padding;

    /// <summary>The next entry, whose data this stream is until it is asked for another; null at the end.</summary>
    /// <exception cref="InvalidDataException">It is no tar archive.</exception>
    public async Task<TarItem?> NextAsync(CancellationToken cancellationToken)
    {
        string? name = null;
        long? size = null;
        var isSparse = false;
        while (true)
        {
            await SkipAsync(_left + _padding, cancellationToken);
            (_left, _padding) = (0, 0);
            var read = await archive.ReadAtLeastAsync(_block, BlockSize, throwOnEndOfStream: false, cancellationToken);
            if (read == 0 || (read == BlockSize && !_block.AsSpan().ContainsAnyExcept((byte)0)))
            {
                return null;
            }

            var header = TarHeader.Read(_block.AsSpan(0, read));
            switch (header.Type)
            {
                case 'x':
                    foreach (var (key, value) in Records(await ExtensionAsync(header, cancellationToken)))
                    {
                        name = key == "path" ? value : name;
                        size = key == "size" ? Number(value) : size;
                        isSparse |= key.StartsWith("GNU.sparse.", StringComparison.Ordinal);
                    }

                    continue;
                case 'L':
                    name = Text(Until0(await ExtensionAsync(header, cancellationToken)));
                    continue;
                case 'K' or 'g':
                    await ExtensionAsync(header, cancellationToken);
                    continue;
                default:
                    break;
            }

            name ??= header.Name;
            var kind = header.Type switch
            {
                _ when isSparse => TarKind.Other,
                '\0' when name.EndsWith('/') => TarKind.Folder,
                '\0' or '0' or '7' => TarKind.File,
                '5' => TarKind.Folder,
                _ => TarKind.Other,
            };

            // Links, devices and folders have no data, whatever their size says.
            _left = header.Type is >= '1' and <= '6' ? 0 : size ?? header.Size;
            _padding = Padding(_left);
            return new TarItem(name, kind, isSparse ? "a sparse file" : header.Description, _left);
        }
    }

    /// <summary>Reads the data of the entry.</summary>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        var count = await archive.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
        _left -= count;
        return count > 0 ? count : throw new EndOfStreamException("it ends in the middle of an entry");
    }

    private async Task SkipAsync(long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var part = (int)Math.Min(count, BlockSize);
            await archive.ReadExactlyAsync(_block.AsMemory(0, part), cancellationToken);
            count -= part;
        }
    }

    private async Task<byte[]> ExtensionAsync(TarHeader header, CancellationToken cancellationToken)
    {
        if (header.Size > MaxExtensionSize)
        {
            throw new InvalidDataException($"it has {header.Size} bytes about an entry, and {MaxExtensionSize} are enough");
        }

        var bytes = new byte[header.Size];
        await archive.ReadExactlyAsync(bytes, cancellationToken);
        await SkipAsync(Padding(header.Size), cancellationToken);
        return bytes;
    }

    private static long Padding(long size) => (BlockSize - (size % BlockSize)) % BlockSize;

    /// <summary>Records of a pax header: <c>LENGTH KEY=VALUE\n</c>. A value that is not UTF-8 is left out, unless it counts.</summary>
    private static List<(string Key, string Value)> Records(ReadOnlySpan<byte> header)
    {
        var records = new List<(string, string)>();
        while (!header.IsEmpty)
        {
            var space = header.IndexOf((byte)' ');
            var equals = header.IndexOf((byte)'=');
            if (space < 1 || equals < space || !int.TryParse(header[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= equals || length > header.Length || header[length - 1] != '\n')
            {
                throw new InvalidDataException("a pax header in it is malformed");
            }

            var key = Encoding.Latin1.GetString(header[(space + 1)..equals]);
            if (key is "path" or "size" || key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
            {
                records.Add((key, Text(header[(equals + 1)..(length - 1)])));
            }

            header = header[length..];
        }

        return records;
    }

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= MaxSize ? number : throw new InvalidDataException($"'{text}' is no size");

    private static ReadOnlySpan<byte> Until0(ReadOnlySpan<byte> bytes) => bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes;

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Utf8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new InvalidDataException($"the name '{Encoding.Latin1.GetString(bytes)}' in it is not UTF-8", exception);
        }
    }

    /// <summary>The fields of a header that count.</summary>
    private readonly record struct TarHeader(string Name, char Type, long Size)
    {
        public string Description => Type switch
        {
            '1' => "a hard link",
            '2' => "a symbolic link",
            '3' or '4' => "a device",
            '6' => "a pipe",
            'S' => "a sparse file",
            _ => $"of type '{(char.IsAsciiLetterOrDigit(Type) ? Type : '?')}'",
        };

        public static TarHeader Read(ReadOnlySpan<byte> block)
        {
            if (block.Length < BlockSize || !IsIntact(block))
            {
                throw new InvalidDataException("it is no tar archive, or a damaged one");
            }

            var name = Text(Until0(block[..100]));
            var prefix = block[257..263].SequenceEqual("ustar\0"u8) ? Text(Until0(block[345..500])) : "";
            return new TarHeader(prefix.Length > 0 ? $"{prefix}/{name}" : name, (char)block[156], SizeIn(block[124..136]));
        }

        private static bool IsIntact(ReadOnlySpan<byte> block)
        {
            var sum = 8 * ' ';
            for (var i = 0; i < BlockSize; i++)
            {
                sum += i is >= 148 and < 156 ? 0 : block[i];
            }

            return Octal(block[148..156]) == sum;
        }

        /// <summary>In octal digits, or as GNU writes large ones: binary, with the highest bit set.</summary>
        private static long SizeIn(ReadOnlySpan<byte> field)
        {
            var size = field[0] == 0x80 ? BinaryPrimitives.ReadInt64BigEndian(field[4..]) : Octal(field) ?? -1;
            return size is >= 0 and <= MaxSize ? size : throw new InvalidDataException("the size of an entry in it is none");
        }

        private static long? Octal(ReadOnlySpan<byte> field)
        {
            var value = 0L;
            foreach (var digit in field.Trim(" \0"u8))
            {
                if (digit is < (byte)'0' or > (byte)'7')
                {
                    return null;
                }

                value = (value << 3) + digit - '0';
            }

            return value;
        }
    }
}

/// <summary>An entry of a tar archive.</summary>
/// <param name="Name">Its name as it is written.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Description">The same for messages, of one that is neither file nor folder.</param>
/// <param name="Size">Bytes of data.</param>
internal sealed record TarItem(string Name, TarKind Kind, string Description, long Size);

/// <summary>What an entry of a tar archive is.</summary>
internal enum TarKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A link, a device, or something else.</summary>
    Other,
}
