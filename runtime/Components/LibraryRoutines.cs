using System.Security.Cryptography;

namespace Wagi.Runtime.Components;

/// <summary>
/// Functions of Rust's <c>compiler_builtins</c> that one instruction does as well, by their code. The adapter that makes a component of a
/// module for WASI preview 1 is compiled for the first version of WebAssembly, which has no instruction that copies memory: it copies a table of
/// 6 KB twice in each run, word by word, and every word's address is compared with the size of the memory.
/// </summary>
/// <remarks>
/// The code of such a function names nothing by index, so that it is the same bytes wherever it was linked into; a newer compiler's is not found
/// here, and stays. What differs nobody can tell: a function that reaches beyond the memory traps in the middle of its work, the instruction
/// before, and no caller may hand them ranges that overlap.
/// </remarks>
internal static class LibraryRoutines
{
    private const int CopyLength = 321;
    private const int FillLength = 181;

    /// <summary>The type of both: three <c>i32</c>, and one for the result.</summary>
    private static ReadOnlySpan<byte> Type => [0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f];

    private static ReadOnlySpan<byte> CopyHash =>
        [0x8d, 0x30, 0x70, 0x78, 0xb5, 0xdf, 0x8d, 0x07, 0x61, 0x8c, 0x6f, 0x3c, 0x81, 0x28, 0x50, 0x07, 0x45, 0x37, 0xec, 0x7f, 0xd1, 0x17, 0x14, 0x95, 0xb4, 0x42, 0xe0, 0x02, 0xef, 0x5f, 0xba, 0x25];

    private static ReadOnlySpan<byte> FillHash =>
        [0x2c, 0x15, 0x92, 0x97, 0x59, 0x62, 0xcf, 0x0f, 0x9b, 0x33, 0x6d, 0x70, 0x75, 0xa1, 0xb3, 0x29, 0x64, 0x38, 0xb6, 0x17, 0x5e, 0xb1, 0xb2, 0xef, 0x9c, 0xf3, 0xbe, 0x70, 0xe9, 0x5e, 0x69, 0xeb];

    /// <summary><c>if (count != 0) memory.copy(to, from, count); return to;</c> The instruction checks addresses even where there is nothing to do.</summary>
    private static ReadOnlySpan<byte> Copy => [0, 0x20, 2, 0x04, 0x40, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 10, 0, 0, 0x0b, 0x20, 0, 0x0b];

    /// <summary>The same with <c>memory.fill</c>.</summary>
    private static ReadOnlySpan<byte> Fill => [0, 0x20, 2, 0x04, 0x40, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 11, 0, 0x0b, 0x20, 0, 0x0b];

    /// <summary>The body of a function that does the same; empty: it is none of these.</summary>
    /// <param name="type">Its type, in binary format (core specification §5.3.6).</param>
    /// <param name="body">Its body, without its size (§5.5.13).</param>
    public static ReadOnlySpan<byte> InPlaceOf(ReadOnlySpan<byte> type, ReadOnlySpan<byte> body) => body.Length switch
    {
        CopyLength when Is(type, body, CopyHash) => Copy,
        FillLength when Is(type, body, FillHash) => Fill,
        _ => [],
    };

    private static bool Is(ReadOnlySpan<byte> type, ReadOnlySpan<byte> body, ReadOnlySpan<byte> hash)
    {
        Span<byte> found = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, found);
        return type.SequenceEqual(Type) && found.SequenceEqual(hash);
    }
}
