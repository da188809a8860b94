using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:cli</c>: environment, arguments, standard streams, the end. There are no terminals.</summary>
internal static class CliFunctions
{
    private const uint SizeOfString = 8;

    public static void AddTo(LoweredFunctions functions)
    {
        functions.Add("wasi:cli/environment", "get-environment", "i", "", GetEnvironment);
        functions.Add("wasi:cli/environment", "get-arguments", "i", "", GetArguments);
        functions.Add("wasi:cli/environment", "initial-cwd", "i", "", StoreNone);
        functions.Add("wasi:cli/exit", "exit", "i", "", Exit);
        functions.Add("wasi:cli/exit", "exit-with-code", "i", "", ExitWithCode);
        functions.Add("wasi:cli/stdin", "get-stdin", "", "i", static (in call) => call.Own(call.Run.Exchange is null ? Stdin.Instance : EmptyInput.Instance));
        functions.Add("wasi:cli/stdout", "get-stdout", "", "i", static (in call) => call.Own(StandardOutput.Stdout));
        functions.Add("wasi:cli/stderr", "get-stderr", "", "i", static (in call) => call.Own(StandardOutput.Stderr));
        functions.AddDrop<NeverHandedOut>("wasi:cli/terminal-input", "terminal-input");
        functions.AddDrop<NeverHandedOut>("wasi:cli/terminal-output", "terminal-output");
        functions.Add("wasi:cli/terminal-stdin", "get-terminal-stdin", "i", "", StoreNone);
        functions.Add("wasi:cli/terminal-stdout", "get-terminal-stdout", "i", "", StoreNone);
        functions.Add("wasi:cli/terminal-stderr", "get-terminal-stderr", "i", "", StoreNone);
    }

    private static long GetEnvironment(in LoweredCall call)
    {
        Variables.Store(call, call.U32(0), call.Run.Environment);
        return 0;
    }

    private static long GetArguments(in LoweredCall call)
    {
        var arguments = call.Run.Arguments;
        var at = call.StoreList(call.U32(0), arguments.Count, SizeOfString, 4);
        for (var i = 0; i < arguments.Count; i++, at += SizeOfString)
        {
            call.StoreText(at, arguments[i]);
        }

        return 0;
    }

    private static long StoreNone(in LoweredCall call)
    {
        call.Memory.WriteByte(call.U32(0), 0);
        return 0;
    }

    private static long Exit(in LoweredCall call)
    {
        call.Run.Exit(call.U32(0) switch
        {
            0 => 0,
            1 => 1,
            _ => throw new TrapException("an argument of wasi:cli/exit is none of the values that its type has"),
        });
        return 0;
    }

    private static long ExitWithCode(in LoweredCall call)
    {
        call.Run.Exit((byte)call.U32(0));
        return 0;
    }
}
