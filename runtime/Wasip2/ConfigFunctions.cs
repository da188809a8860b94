using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary>
/// <c>wasi:config/store</c>, and <c>wasi:config/runtime</c>, which it was called before: the values of the entry's environment. What the request
/// says is not among them.
/// </summary>
internal static class ConfigFunctions
{
    private const byte Ok = 0;
    private const byte None = 0;
    private const byte Some = 1;

    private static readonly StringBlock Nothing = new();

    public static void AddTo(LoweredFunctions functions)
    {
        foreach (var name in new[] { "wasi:config/store", "wasi:config/runtime" })
        {
            functions.Add(name, "get", "iii", "", Get);
            functions.Add(name, "get-all", "i", "", GetAll);
        }
    }

    private static long Get(in LoweredCall call)
    {
        var key = call.TextBytes(0);
        var at = call.U32(2);
        var values = call.Run.Configuration ?? Nothing;
        for (var i = 0; i < values.Count; i++)
        {
            if (Variables.NameOf(values[i], out var value).SequenceEqual(key))
            {
                call.StoreText(at + 8, value);
                call.Memory.WriteByte(at + 4, Some);
                call.Memory.WriteByte(at, Ok);
                return 0;
            }
        }

        call.Memory.WriteByte(at, Ok);
        call.Memory.WriteByte(at + 4, None);
        return 0;
    }

    private static long GetAll(in LoweredCall call)
    {
        Variables.Store(call, call.U32(0) + 4, call.Run.Configuration ?? Nothing);
        call.Memory.WriteByte(call.U32(0), Ok);
        return 0;
    }
}
