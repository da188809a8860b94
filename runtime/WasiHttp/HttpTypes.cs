using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary>What the functions of <c>wasi:http/types</c> have in common: how they write values of its types.</summary>
internal static class HttpTypes
{
    /// <summary>The interface, without its version.</summary>
    public const string Interface = "wasi:http/types";

    /// <summary>The cases of a <c>result</c>.</summary>
    public const byte Ok = 0;

    /// <inheritdoc cref="Ok"/>
    public const byte Error = 1;

    private const byte OtherMethod = 9;
    private const byte OtherScheme = 2;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
    private static readonly string[] Schemes = ["http", "https"];

    /// <summary><c>result&lt;own&lt;T&gt;&gt;</c>; null: the error, which says nothing.</summary>
    public static long StoreHandle(in LoweredCall call, int argument, Resource? resource)
    {
        call.Memory.WriteByte(call.U32(argument), resource is null ? Error : Ok);
        if (resource is not null)
        {
            call.Memory.WriteU32(call.U32(argument) + 4, call.Own(resource));
        }

        return 0;
    }

    /// <summary><c>option&lt;string&gt;</c>.</summary>
    public static long StoreOption(in LoweredCall call, int argument, string? text)
    {
        call.Memory.WriteByte(call.U32(argument), text is null ? (byte)0 : (byte)1);
        if (text is not null)
        {
            call.StoreText(call.U32(argument) + 4, text);
        }

        return 0;
    }

    /// <summary><c>method</c>.</summary>
    public static long StoreMethod(in LoweredCall call, int argument, string method)
    {
        var known = Array.IndexOf(Methods, method);
        call.Memory.WriteByte(call.U32(argument), known < 0 ? OtherMethod : (byte)known);
        if (known < 0)
        {
            call.StoreText(call.U32(argument) + 4, method);
        }

        return 0;
    }

    /// <summary><c>option&lt;scheme&gt;</c>.</summary>
    public static long StoreScheme(in LoweredCall call, int argument, string? scheme)
    {
        var at = call.U32(argument);
        call.Memory.WriteByte(at, scheme is null ? (byte)0 : (byte)1);
        if (scheme is not null)
        {
            var known = Array.IndexOf(Schemes, scheme);
            call.Memory.WriteByte(at + 4, known < 0 ? OtherScheme : (byte)known);
            if (known < 0)
            {
                call.StoreText(at + 8, scheme);
            }
        }

        return 0;
    }

    /// <summary>A <c>method</c> in three arguments.</summary>
    /// <exception cref="TrapException">It has no such case.</exception>
    public static string Method(in LoweredCall call, int argument) => Case(call, argument, Methods, OtherMethod);

    /// <summary>A <c>scheme</c> in three arguments.</summary>
    /// <exception cref="TrapException">It has no such case.</exception>
    public static string Scheme(in LoweredCall call, int argument) => Case(call, argument, Schemes, OtherScheme);

    /// <summary>Whether an <c>option</c> has a value, which is then in the arguments after this one.</summary>
    /// <exception cref="TrapException">It has no such case.</exception>
    public static bool HasValue(in LoweredCall call, int argument) => call.U32(argument) switch
    {
        0 => false,
        1 => true,
        var other => throw new TrapException($"the component passed {other} for an option, which is neither none (0) nor some (1)"),
    };

    private static string Case(in LoweredCall call, int argument, string[] names, byte other)
    {
        var number = call.U32(argument);
        return number < names.Length ? names[number]
            : number == other ? call.Text(argument + 1)
            : throw new TrapException($"the component passed {number} for a variant that has no such case");
    }
}
