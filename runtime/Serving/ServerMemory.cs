using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Wagi.Runtime.Serving;

/// <summary>
/// The memory that Kestrel receives into and sends from, in larger blocks than its own of 4 KiB. It asks the kernel once for each block, which
/// for a body of megabytes costs more than all copying. A connection with half a request keeps a block: so there are so many large ones, and
/// beyond that small ones.
/// </summary>
internal sealed class ServerMemory : IMemoryPoolFactory<byte>
{
    /// <summary>Bytes of a large block.</summary>
    internal const int LargeBlock = 64 << 10;

    /// <summary>Bytes that all large blocks have together.</summary>
    internal const int Budget = 32 << 20;

    private const int SmallBlock = 4 << 10;

    private int _large;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool(this);

    private Block Rent(int atLeast)
    {
        var isLarge = Interlocked.Increment(ref _large) <= Budget / LargeBlock;
        if (!isLarge)
        {
            Interlocked.Decrement(ref _large);
        }

        // The process's own pool, which gives back what has not been used for a while.
        return new Block(ArrayPool<byte>.Shared.Rent(Math.Max(atLeast, isLarge ? LargeBlock : SmallBlock)), isLarge ? this : null);
    }

    private sealed class Pool(ServerMemory memory) : MemoryPool<byte>
    {
        public override int MaxBufferSize => Array.MaxLength;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => memory.Rent(minBufferSize);

        protected override void Dispose(bool disposing)
        {
            // Nothing is held.
        }
    }

    /// <param name="array">What was rented.</param>
    /// <param name="counts">Who counts it; null: it is a small one.</param>
    private sealed class Block(byte[] array, ServerMemory? counts) : IMemoryOwner<byte>
    {
        private byte[]? _array = array;

        public Memory<byte> Memory => _array;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } returned)
            {
                ArrayPool<byte>.Shared.Return(returned);
                if (counts is not null)
                {
                    Interlocked.Decrement(ref counts._large);
                }
            }
        }
    }
}
