using Wagi.Runtime.Bodies;

namespace Wagi.Runtime.Cache;

/// <summary>A blob does not arrive: neither disk nor memory takes it, it is larger than was said, or it takes too long.</summary>
internal sealed class ArrivalException(string message) : Exception(message);

/// <summary>
/// A blob on its way from a registry, however slow that is: in a file, so that it takes no memory. Where the disk does not take it, it goes on
/// in memory as far as the budget goes, for a full disk should cost the cache and not the module.
/// </summary>
internal sealed class ArrivingBlob : Stream
{
    private readonly ByteBudget _memory;
    private readonly string _path;
    private readonly long _maxSize;
    private FileStream? _file;
    private MemoryStream? _kept;
    private long _taken;

    /// <param name="path">Where the file is made; its folder as well, if need be.</param>
    /// <param name="create">Makes it, without a buffer.</param>
    /// <param name="memory">What blobs that no file takes may use, all together.</param>
    /// <param name="maxSize">The most bytes that are taken.</param>
    public ArrivingBlob(string path, Func<string, FileStream> create, ByteBudget memory, long maxSize)
    {
        (_path, _memory, _maxSize) = (path, memory, maxSize);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _file = create(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            (DiskError, _kept) = (exception.Message, new MemoryStream());
        }
    }

    /// <summary>Why it is in memory; null: it is in a file.</summary>
    public string? DiskError { get; private set; }

    private Stream Present => (Stream?)_file ?? _kept!;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => Present.Length;

    public override long Position { get => Present.Position; set => Present.Position = value; }

    /// <summary>Gives the file its name, unless there is none. It stays open: who removes it from the cache takes it from nobody who reads it.</summary>
    /// <exception cref="IOException">It cannot be put there.</exception>
    public void MoveTo(string path)
    {
        if (_file is not null)
        {
            _file.Flush(flushToDisk: true);
            File.Move(_path, path, overwrite: true);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > _maxSize - Present.Position)
        {
            throw new ArrivalException($"it is larger than the {_maxSize} bytes that were announced");
        }

        if (_file is not null)
        {
            var position = _file.Position;
            try
            {
                await _file.WriteAsync(buffer, cancellationToken);
                return;
            }
            catch (IOException exception)
            {
                await MoveToMemoryAsync(position, exception, cancellationToken);
            }
        }

        Take(buffer.Length);
        await _kept!.WriteAsync(buffer, cancellationToken);
    }

    private async Task MoveToMemoryAsync(long length, IOException cause, CancellationToken cancellationToken)
    {
        await using var file = _file!;
        (DiskError, _file, _kept) = (cause.Message, null, new MemoryStream());
        Take(length);
        file.SetLength(length);
        file.Position = 0;
        await file.CopyToAsync(_kept, cancellationToken);
    }

    private void Take(long bytes)
    {
        if (!_memory.TryTake(bytes))
        {
            throw new ArrivalException($"the module cache does not take it ({DiskError}), and there is no memory for it at present");
        }

        _taken += bytes;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Present.ReadAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => Present.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => Present.Seek(offset, origin);

    public override void Flush() => Present.Flush();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file?.Dispose();
            _memory.GiveBack(_taken);
            _taken = 0;

            // Its name, unless it has got another.
            CacheDirectory.TryDelete(_path);
        }

        base.Dispose(disposing);
    }
}
