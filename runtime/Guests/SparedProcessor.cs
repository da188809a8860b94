using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wagi.Runtime.Guests;

/// <summary>
/// The processor that guests keep off which take turns (<see cref="CpuTurns"/>, <see cref="RunQueue"/>). The kernel puts a thread that wakes up
/// where it likes, so that each turn could begin where requests are answered. A thread that answers and meets one that computes waits for a tick of
/// the timer, 4 ms as a rule.
/// </summary>
/// <remarks>
/// sched_setaffinity(2). It is the first of the processors that this process may use, so that all runtimes of a node spare the same. With one
/// processor, or where the call is forbidden, nothing is changed.
/// </remarks>
internal static partial class SparedProcessor
{
    private static readonly Masks? Known = OperatingSystem.IsLinux() ? Masks.Find() : null;

    [ThreadStatic]
    private static Place t_place;

    private enum Place
    {
        /// <summary>Where the thread that started it was.</summary>
        Inherited,
        Anywhere,
        Elsewhere,
    }

    /// <summary>Keeps this thread off it.</summary>
    public static void Avoid()
    {
        if (t_place != Place.Elsewhere && Known is { } known)
        {
            t_place = Place.Elsewhere;
            Set(in known.Others);
        }
    }

    /// <summary>This thread is used for the first time: if the one that started it kept off, so does it until here.</summary>
    public static void Begin()
    {
        if (t_place == Place.Inherited)
        {
            Release();
        }
    }

    /// <summary>Lets this thread run anywhere.</summary>
    public static void Release()
    {
        if (t_place == Place.Anywhere || Known is not { } known)
        {
            return;
        }

        if (t_place == Place.Elsewhere)
        {
            // It would go on where it is until it waits for something, and what comes next is the answer.
            Set(in known.Spared);
        }

        t_place = Place.Anywhere;
        Set(in known.All);
    }

    private static bool Set(in Mask mask) => SetAffinity(0, Mask.Bytes, in mask) == 0;

    private static bool TryRead(out Mask mask)
    {
        mask = default;
        return GetAffinity(0, Mask.Bytes, ref mask) == 0;
    }

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetAffinity(int thread, nuint size, in Mask mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity")]
    private static partial int GetAffinity(int thread, nuint size, ref Mask mask);

    /// <param name="all">Where a thread may run.</param>
    /// <param name="spared">The spared processor.</param>
    /// <param name="others">All but that.</param>
    private sealed class Masks(in Mask all, in Mask spared, in Mask others)
    {
        public readonly Mask All = all;
        public readonly Mask Spared = spared;
        public readonly Mask Others = others;

        public static Masks? Find()
        {
            if (!TryRead(out var mask) || mask.Count < 2)
            {
                return null;
            }

            // What a control group allows may change later, and the kernel sees to it. For that a thread must be allowed everything, unless whoever
            // started the process has chosen its processors.
            var all = Mask.Everything();
            if (!Set(in all) || !TryRead(out var allowed))
            {
                return null;
            }

            if (!allowed.Equals(in mask))
            {
                all = mask;
                Set(in all);
            }

            var spared = default(Mask);
            spared.Flip(mask.First);
            var others = all;
            others.Flip(mask.First);
            return new Masks(in all, in spared, in others);
        }
    }

    /// <summary>The kernel's <c>cpu_set_t</c>.</summary>
    [InlineArray(Words)]
    private struct Mask
    {
        public const int Bytes = Words * sizeof(ulong);
        private const int Words = 16;
        private const int BitsOfWord = 64;

        private ulong _first;

        public readonly int Count
        {
            get
            {
                var count = 0;
                foreach (var word in this)
                {
                    count += BitOperations.PopCount(word);
                }

                return count;
            }
        }

        public readonly int First
        {
            get
            {
                ReadOnlySpan<ulong> words = this;
                var word = words.IndexOfAnyExcept(0ul);
                return (word * BitsOfWord) + BitOperations.TrailingZeroCount(words[word]);
            }
        }

        public static Mask Everything()
        {
            var mask = default(Mask);
            ((Span<ulong>)mask).Fill(ulong.MaxValue);
            return mask;
        }

        public void Flip(int processor) => this[processor / BitsOfWord] ^= 1ul << processor;

        public readonly bool Equals(in Mask other) => ((ReadOnlySpan<ulong>)this).SequenceEqual(other);
    }
}
