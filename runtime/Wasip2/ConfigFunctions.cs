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
    private const uint SizeOfString = 8;

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
            if (Split(values[i], out var value).SequenceEqual(key))
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
        var values = call.Run.Configuration ?? Nothing;
        var at = call.StoreList(call.U32(0) + 4, values.Count, 2 * SizeOfString, 4);
        for (var i = 0; i < values.Count; i++, at += 2 * SizeOfString)
        {
            call.StoreText(at, Split(values[i], out var value));
            call.StoreText(at + SizeOfString, value);
        }

        call.Memory.WriteByte(call.U32(0), Ok);
        return 0;
    }

    private static ReadOnlySpan<byte> Split(ReadOnlySpan<byte> variable, out ReadOnlySpan<byte> value)
    {
        var equals = variable.IndexOf((byte)'=');
        value = equals < 0 ? default : variable[(equals + 1)..];
        return equals < 0 ? variable : variable[..equals];
    }
}
