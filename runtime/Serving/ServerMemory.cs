using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Wagi.Runtime.Serving;

/// <summary>
/// The memory that Kestrel receives into and sends from, in larger blocks than its own of 4 KiB. It asks the kernel once for each block, which
/// for a body of megabytes costs more than all copying. A connection with half a request keeps a block: so there are so many large ones, and
/// beyond that small ones. Each processor has large blocks of its own; those that were not needed for a while are given up.
/// </summary>
internal sealed class ServerMemory : IMemoryPoolFactory<byte>, IDisposable
{
    /// <summary>Bytes of a large block.</summary>
    internal const int LargeBlock = 64 << 10;

    /// <summary>Bytes that all large blocks have together.</summary>
    internal const int Budget = 32 << 20;

    private const int SmallBlock = 4 << 10;

    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(5);

    private readonly Stripe[] _stripes;
    private readonly Timer _trimmer;

    /// <summary>For each processor.</summary>
    public ServerMemory()
        : this(Environment.ProcessorCount)
    {
    }

    /// <param name="stripes">Groups of blocks that do not share a lock.</param>
    internal ServerMemory(int stripes)
    {
        _stripes = [.. Enumerable.Range(0, stripes).Select(_ => new Stripe(Math.Max(1, Budget / LargeBlock / stripes)))];
        _trimmer = new Timer(static memory => ((ServerMemory)memory!).Trim(), this, TrimInterval, TrimInterval);
    }

    /// <summary>Large blocks that wait to be used.</summary>
    internal int Idle => _stripes.Sum(stripe => stripe.Idle);

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool(this);

    /// <summary>Gives up the blocks that nobody has needed since the last time.</summary>
    internal void Trim()
    {
        foreach (var stripe in _stripes)
        {
            stripe.Trim();
        }
    }

    public void Dispose() => _trimmer.Dispose();

    private IMemoryOwner<byte> Rent(int atLeast) =>
        (atLeast <= LargeBlock ? _stripes[Thread.GetCurrentProcessorId() % _stripes.Length].TryTake() : null)
            ?? MemoryPool<byte>.Shared.Rent(Math.Max(atLeast, SmallBlock));

    private sealed class Pool(ServerMemory memory) : MemoryPool<byte>
    {
        public override int MaxBufferSize => Array.MaxLength;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => memory.Rent(minBufferSize);

        protected override void Dispose(bool disposing)
        {
            // Nothing is held.
        }
    }

    /// <param name="limit">Blocks that there may be, used or not.</param>
    private sealed class Stripe(int limit)
    {
        private readonly Lock _lock = new();

        // The one that was used last is the one that is still in the processor's cache.
        private readonly Stack<Block> _idle = new();
        private int _all;
        private int _leastIdle;

        public int Idle => _idle.Count;

        /// <summary>Null: there are as many as there may be.</summary>
        public Block? TryTake()
        {
            lock (_lock)
            {
                if (!_idle.TryPop(out var block))
                {
                    if (_all == limit)
                    {
                        return null;
                    }

                    _all++;
                    block = new Block(this);
                }

                _leastIdle = Math.Min(_leastIdle, _idle.Count);
                block.Rent();
                return block;
            }
        }

        public void Return(Block block)
        {
            lock (_lock)
            {
                _idle.Push(block);
            }
        }

        public void Trim()
        {
            lock (_lock)
            {
                for (; _leastIdle > 0; _leastIdle--)
                {
                    _idle.Pop();
                    _all--;
                }

                _leastIdle = _idle.Count;
            }
        }
    }

    /// <summary>A large block, which belongs to its stripe.</summary>
    private sealed class Block(Stripe stripe) : IMemoryOwner<byte>
    {
        // What is pinned once need not be pinned for each call to the kernel.
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(LargeBlock, pinned: true);
        private int _isRented;

        public Memory<byte> Memory => MemoryMarshal.CreateFromPinnedArray(_bytes, 0, _bytes.Length);

        public void Rent() => _isRented = 1;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isRented, 0) != 0)
            {
                stripe.Return(this);
            }
        }
    }
}
