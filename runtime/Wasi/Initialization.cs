using Wagi.Modules.Configuration;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// WASI preview 1 for a module that is initialized before there is a request: what it leaves behind is where every request begins. So it is told
/// nothing that belongs to one time, place or request.
/// </summary>
internal static class Initialization
{
    /// <summary>Whether <see cref="StdioWasi"/> answers as it does in a request, in which nobody has sent anything.</summary>
    public static bool Answers(WasiFunction function, bool hasRandom) => function switch
    {
        WasiFunction.RandomGet => hasRandom,
        WasiFunction.ArgsGet or WasiFunction.ArgsSizesGet or WasiFunction.EnvironGet or WasiFunction.EnvironSizesGet => true,
        WasiFunction.ClockResGet or WasiFunction.PollOneoff or WasiFunction.SchedYield or WasiFunction.ProcExit => true,

        // Libraries look at their descriptors, and for folders, when they are set up. There are none.
        WasiFunction.FdFdstatGet or WasiFunction.FdFdstatSetFlags or WasiFunction.FdFilestatGet => true,
        WasiFunction.FdPrestatGet or WasiFunction.FdPrestatDirName => true,
        WasiFunction.FdWrite => true,
        _ => false,
    };

    /// <summary>Runs one of the others.</summary>
    /// <exception cref="TrapException">It is refused, or a pointer is wrong.</exception>
    public static Errno Call(WasiFunction function, GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        if (function != WasiFunction.ClockTimeGet)
        {
            var hint = function == WasiFunction.RandomGet ? $"; '{Preinitializations.WithRandom}' gives it random numbers" : "";
            throw new TrapException($"it calls {NameOf(function)}, which is refused while a module is initialized before its first request{hint}");
        }

        if (a[0].U32 > 1)
        {
            return StdioWasi.Call(function, run, memory, a);
        }

        // Time stands still. The monotonic clock does not stand at zero, which Go takes for a broken one.
        memory.WriteU64(a[2].U32, a[0].U32);
        return Errno.Success;
    }

    private static string NameOf(WasiFunction function) =>
        WasiSignatures.All.First(item => item.Function == function || WasiSignatures.InUnstable(item.Function) == function).Name;
}
