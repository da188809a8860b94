using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:clocks</c>.</summary>
internal static class ClockFunctions
{
    private const ulong Second = 1_000_000_000;

    /// <summary>Nanoseconds: <see cref="DateTime"/> counts in 100 of them.</summary>
    private const ulong Resolution = 100;

    public static void AddTo(LoweredFunctions functions)
    {
        functions.Add("wasi:clocks/wall-clock", "now", "i", "", static (in call) => StoreTime(call, StdioWasi.Now()));
        functions.Add("wasi:clocks/wall-clock", "resolution", "i", "", static (in call) => StoreTime(call, Resolution));
        functions.Add("wasi:clocks/monotonic-clock", "now", "", "I", static (in call) => (long)call.Run.Monotonic);
        functions.Add("wasi:clocks/monotonic-clock", "resolution", "", "I", static (in call) => (long)Resolution);
        functions.Add("wasi:clocks/monotonic-clock", "subscribe-instant", "I", "i", static (in call) => call.Own(new ClockPollable(call.U64(0))));
        functions.Add("wasi:clocks/monotonic-clock", "subscribe-duration", "I", "i", static (in call) =>
        {
            var now = call.Run.Monotonic;
            return call.Own(new ClockPollable(now + Math.Min(call.U64(0), ulong.MaxValue - now)));
        });
    }

    private static long StoreTime(in LoweredCall call, ulong nanoseconds)
    {
        var at = call.U32(0);
        var memory = call.Memory;
        memory.WriteU64(at, nanoseconds / Second);
        memory.WriteU32(at + 8, (uint)(nanoseconds % Second));
        return 0;
    }
}
