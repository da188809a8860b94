using System.Buffers.Binary;
using Wagi.Modules.Configuration;

namespace Wagi.Runtime.Compiling;

/// <summary>
/// What a server and its compiler tell each other: a byte that says what it is, the length of what follows in eight, little-endian, and that. To the
/// compiler goes a module, of which the byte is the <see cref="Preinitialization"/>; back comes a <see cref="CompilerAnswer"/>.
/// </summary>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Bytes that follow.</param>
internal readonly record struct CompilerMessage(byte Kind, long Length)
{
    private const int HeaderSize = 1 + sizeof(long);

    /// <summary>Reads what stands before a message. Null: the stream has ended.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static async Task<CompilerMessage?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderSize];
        return await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken) == header.Length
            ? new CompilerMessage(header[0], BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(1)))
            : null;
    }

    /// <summary>Writes a message.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static async Task WriteAsync(Stream stream, byte kind, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderSize];
        header[0] = kind;
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(1), content.Length);
        await stream.WriteAsync(header, cancellationToken);
        await stream.WriteAsync(content, cancellationToken);
        await stream.FlushAsync(cancellationToken);
    }
}

/// <summary>What a compiler says of a module.</summary>
internal enum CompilerAnswer : byte
{
    /// <summary>Its native code follows.</summary>
    Compiled,

    /// <summary>It cannot be compiled; why follows, in UTF-8.</summary>
    Refused,

    /// <summary>It is no WebAssembly; why follows, in UTF-8.</summary>
    NotWasm,
}
