using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Wagi.Runtime.Images;

/// <summary>What there is to know about a compiled module before it is loaded.</summary>
[Flags]
internal enum NativeTraits
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It begins where its initialization has ended.</summary>
    Initialized = 1,

    /// <summary>It was made of a component.</summary>
    Component = 2,

    /// <summary>It compares each address with the size of the memory, so that memory beyond may be open.</summary>
    ChecksBounds = 4,

    /// <summary>It is a component whose modules have several memories, for Wasmtime's interface.</summary>
    SeveralMemories = 8,

    /// <summary>It exports all that can change in it, as <see cref="RestorableModule"/> does.</summary>
    Restorable = 16,
}

/// <summary>
/// A compiled module as a file: Wasmtime's native code, the image of its memory, a remark for people, and a trailer that says where the image is
/// and has a checksum of all before it. Wasmtime follows the headers of its code, and ignores what comes after it.
/// </summary>
/// <remarks>
/// XXH128 finds damage, which is all that it is for: who may write such files is trusted (docs/security.md). The image begins at a page, so that
/// it can be mapped.
/// </remarks>
/// <param name="CodeLength">Bytes of native code, from the beginning of the file.</param>
/// <param name="ImageOffset">Where in the file the image begins, at a page.</param>
/// <param name="ImageLength">Bytes of it, whole pages; 0: there is none.</param>
/// <param name="ImageStart">Where it begins in the memory, at a page.</param>
/// <param name="RemarkLength">Bytes of the remark, which comes after the image.</param>
/// <param name="Traits">What else there is to know about the module.</param>
internal readonly record struct NativeCode(
    long CodeLength, long ImageOffset, long ImageLength, long ImageStart, long RemarkLength, NativeTraits Traits)
{
    /// <summary>Bytes of the trailer: magic, six numbers, checksum.</summary>
    public const int TrailerSize = ChecksumOffset + ChecksumSize;

    private const int ChecksumOffset = 8 + (6 * sizeof(long));
    private const int ChecksumSize = 16;

    /// <summary>The last digit is the version of this layout.</summary>
    private static ReadOnlySpan<byte> Magic => "wagi\0cw9"u8;

    /// <summary>The file of a module.</summary>
    /// <param name="code">Native code.</param>
    /// <param name="image">What its memory begins with; null: zeros.</param>
    /// <param name="remark">What there is to say to people about how it was compiled; empty: nothing.</param>
    /// <param name="traits">What else there is to know about the module.</param>
    /// <param name="page">Bytes of a page, as the kernel maps them.</param>
    public static byte[] Join(ReadOnlySpan<byte> code, MemoryImage? image, string remark, NativeTraits traits, int page)
    {
        var offset = image is null ? code.Length : (code.Length + page - 1) / page * page;
        var length = image?.Content.Length ?? 0;
        var text = Encoding.UTF8.GetBytes(remark);
        var file = new byte[offset + length + text.Length + TrailerSize];
        code.CopyTo(file);
        image?.Content.CopyTo(file.AsMemory(offset));
        text.CopyTo(file, offset + length);
        var trailer = file.AsSpan(^TrailerSize..);
        Magic.CopyTo(trailer);
        var numbers = trailer[Magic.Length..];
        foreach (var number in (ReadOnlySpan<long>)[code.Length, offset, length, image?.Start ?? 0, text.Length, (long)traits])
        {
            BinaryPrimitives.WriteInt64LittleEndian(numbers, number);
            numbers = numbers[sizeof(long)..];
        }

        XxHash128.Hash(file.AsSpan(..^ChecksumSize), trailer[ChecksumOffset..]);
        return file;
    }

    /// <summary>Where in the file the remark begins.</summary>
    public long RemarkOffset => ImageOffset + ImageLength;

    /// <summary>Finds the parts of a file by its trailer. Null: it is none, of another version, or cut off.</summary>
    /// <param name="trailer">The last <see cref="TrailerSize"/> bytes.</param>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="page">Bytes of a page.</param>
    public static NativeCode? Read(ReadOnlySpan<byte> trailer, long length, int page)
    {
        if (trailer.Length != TrailerSize || !trailer.StartsWith(Magic))
        {
            return null;
        }

        var numbers = trailer[Magic.Length..];
        var parts = new NativeCode(Number(numbers, 0), Number(numbers, 1), Number(numbers, 2), Number(numbers, 3), Number(numbers, 4), (NativeTraits)Number(numbers, 5));
        return parts.Fits(length - TrailerSize, page) ? parts : null;
    }

    /// <summary>The remark in a file that <see cref="Join"/> made.</summary>
    /// <param name="file">All of it.</param>
    public string RemarkIn(ReadOnlySpan<byte> file) => Encoding.UTF8.GetString(file.Slice((int)RemarkOffset, (int)RemarkLength));

    /// <summary>Whether a file is as it was written.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static bool IsIntact(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var left = file.Length - ChecksumSize;
        if (left < 0)
        {
            return false;
        }

        var hash = new XxHash128();
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            while (left > 0)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, left));
                file.ReadExactly(part);
                hash.Append(part);
                left -= part.Length;
            }

            Span<byte> checksum = stackalloc byte[ChecksumSize];
            file.ReadExactly(checksum);
            return checksum.SequenceEqual(hash.GetCurrentHash());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static long Number(ReadOnlySpan<byte> numbers, int index) =>
        BinaryPrimitives.ReadInt64LittleEndian(numbers[(index * sizeof(long))..]);

    private bool Fits(long room, int page) =>
        CodeLength >= 0 && ImageLength >= 0 && ImageStart >= 0 && RemarkLength >= 0
        && CodeLength <= ImageOffset && ImageOffset <= room && RemarkLength <= room && ImageLength == room - ImageOffset - RemarkLength
        && (ImageLength == 0 || (ImageOffset % page == 0 && ImageLength % page == 0 && ImageStart % page == 0));
}
