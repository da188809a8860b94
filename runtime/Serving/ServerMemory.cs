using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Wagi.Runtime.Serving;

/// <summary>
/// The memory that Kestrel receives into and sends from, in larger blocks than its own of 4 KiB. It asks the kernel once for each block, which
/// for a body of megabytes costs more than all copying.
/// </summary>
internal sealed class ServerMemory : IMemoryPoolFactory<byte>
{
    private const int Block = 64 << 10;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    /// <summary>The process's own pool, which gives back what has not been used for a while.</summary>
    private sealed class Pool : MemoryPool<byte>
    {
        public override int MaxBufferSize => Shared.MaxBufferSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => Shared.Rent(Math.Max(minBufferSize, Block));

        protected override void Dispose(bool disposing)
        {
            // Nothing is held.
        }
    }
}
