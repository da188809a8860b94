using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Wagi.Runtime.Memories;

/// <summary>What memories of a module begin with, in a file that nobody writes to: mapped into each of them, and once to be copied from.</summary>
internal sealed unsafe partial class MappedImage : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long _offset;

    private MappedImage(SafeFileHandle file, long offset, byte* content, nuint start, nuint length)
    {
        _file = file;
        _offset = offset;
        Content = content;
        Start = start;
        Length = length;
    }

    /// <summary>Its bytes.</summary>
    public byte* Content { get; private set; }

    /// <summary>Where it begins in a memory.</summary>
    public nuint Start { get; }

    /// <summary>Bytes, whole pages.</summary>
    public nuint Length { get; }

    /// <summary>An image in a file, which may be deleted while it is in use.</summary>
    /// <param name="file">Owned from here on.</param>
    /// <param name="offset">Where the image is, at a page.</param>
    /// <param name="length">Bytes of it, whole pages.</param>
    /// <param name="start">Where it begins in a memory, at a page.</param>
    /// <exception cref="IOException">It cannot be mapped.</exception>
    public static MappedImage Map(SafeFileHandle file, long offset, long length, long start)
    {
        var content = PageMemory.Read((nuint)length, file, offset);
        if (content == null)
        {
            file.Dispose();
            throw new IOException("the image of the module's memory cannot be mapped");
        }

        return new MappedImage(file, offset, content, (nuint)start, (nuint)length);
    }

    /// <summary>As <see cref="Map"/>, of bytes that are in no file.</summary>
    /// <exception cref="IOException">There is no memory for a copy, or it cannot be mapped.</exception>
    public static MappedImage Copy(ReadOnlySpan<byte> content, long start)
    {
        var file = new SafeFileHandle(CreateMemoryFile("wagi-image", CloseOnExec), ownsHandle: true);
        if (file.IsInvalid)
        {
            throw new IOException("there is no memory for the image of the module's memory");
        }

        RandomAccess.Write(file, content, 0);
        return Map(file, 0, content.Length, start);
    }

    /// <summary>Puts it into address space of a memory.</summary>
    public bool TryPlace(byte* memory) => PageMemory.TryPlace(memory + Start, Length, _file, _offset);

    public void Dispose()
    {
        if (Content != null)
        {
            PageMemory.Release(Content, Length);
            Content = null;
        }

        _file.Dispose();
    }

    private const uint CloseOnExec = 1;

    // memfd_create(2)
    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
