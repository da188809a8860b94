using System.Security.Cryptography;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:random</c>. What is called insecure there is as good as the rest here.</summary>
internal static class RandomFunctions
{
    /// <summary>Bytes at once: the host would be at it however long it takes, out of the deadline's reach.</summary>
    private const ulong Most = 1 << 20;

    public static void AddTo(LoweredFunctions functions)
    {
        functions.Add("wasi:random/random", "get-random-bytes", "Ii", "", GetBytes);
        functions.Add("wasi:random/random", "get-random-u64", "", "I", static (in call) => GetU64());
        functions.Add("wasi:random/insecure", "get-insecure-random-bytes", "Ii", "", GetBytes);
        functions.Add("wasi:random/insecure", "get-insecure-random-u64", "", "I", static (in call) => GetU64());
        functions.Add("wasi:random/insecure-seed", "insecure-seed", "i", "", static (in call) =>
        {
            RandomNumberGenerator.Fill(call.Memory.Struct(call.U32(0), 16, 8));
            return 0;
        });
    }

    private static long GetBytes(in LoweredCall call)
    {
        var length = call.U64(0);
        if (length > Most)
        {
            throw new TrapException($"the component asked for {length} random bytes; the most is {Most}");
        }

        var pointer = call.StoreList(call.U32(1), (int)length, 1, 1);
        RandomNumberGenerator.Fill(call.Memory.Slice(pointer, (uint)length));
        return 0;
    }

    private static long GetU64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToInt64(bytes);
    }
}
