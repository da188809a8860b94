using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary>Variables, each <c>NAME=value</c>, as a component gets them.</summary>
internal static class Variables
{
    private const uint SizeOfString = 8;

    /// <summary>Writes them as a <c>list&lt;tuple&lt;string, string&gt;&gt;</c>.</summary>
    public static void Store(in LoweredCall call, uint result, StringBlock variables)
    {
        var at = call.StoreList(result, variables.Count, 2 * SizeOfString, 4);
        for (var i = 0; i < variables.Count; i++, at += 2 * SizeOfString)
        {
            call.StoreText(at, NameOf(variables[i], out var value));
            call.StoreText(at + SizeOfString, value);
        }
    }

    /// <summary>The name of one, and its value.</summary>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> variable, out ReadOnlySpan<byte> value)
    {
        var equals = variable.IndexOf((byte)'=');
        value = equals < 0 ? default : variable[(equals + 1)..];
        return equals < 0 ? variable : variable[..equals];
    }
}
