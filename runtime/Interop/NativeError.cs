namespace Wagi.Runtime.Interop;

/// <summary>
/// Thrown in a host function when the guest that calls it breaks a rule of the interface: a pointer out of bounds, an argument of another
/// type. The guest traps, as the WASI documents demand ("the function shall trap") and as Wasmtime's own functions do.
/// </summary>
internal sealed class TrapException(string message) : Exception(message);

/// <summary>What a call that may fail gave back: an error or a trap, owned, or neither. <see cref="Free"/> it or take its message.</summary>
internal unsafe struct NativeError(nint error, nint trap = 0)
{
    private const int MaxFrames = 4;

    /// <summary>Of frames with files and lines, which are there only for somebody who reads them all: a panic has many before the one that matters.</summary>
    private const int MaxFramesWithPlaces = 20;

    private nint _error = error;
    private nint _trap = trap;

    public readonly bool IsFailure => _error != 0 || _trap != 0;

    /// <summary>What a host function of a core module returns to stop its guest; the run keeps the reason.</summary>
    public static nint NewTrap()
    {
        fixed (byte* message = "stopped"u8)
        {
            return NativeMethods.wasmtime_trap_new(message, 7);
        }
    }

    /// <summary>As <see cref="NewTrap"/>, where an error is wanted and not a trap.</summary>
    public static nint NewError()
    {
        fixed (byte* message = "stopped\0"u8)
        {
            return NativeMethods.wasmtime_error_new(message);
        }
    }

    /// <summary>The message; null when all went well. Frees the error.</summary>
    public string? TakeFailure() => IsFailure ? TakeMessage() : null;

    /// <summary>For what cannot fail unless this program is wrong.</summary>
    /// <exception cref="InvalidOperationException">It has failed.</exception>
    public void Require(string what)
    {
        if (IsFailure)
        {
            throw new InvalidOperationException($"{what}: {TakeMessage()}");
        }
    }

    /// <summary>The message on one line; frees the error.</summary>
    public string TakeMessage()
    {
        ByteVec message;
        if (_trap != 0)
        {
            NativeMethods.wasm_trap_message(_trap, &message);
        }
        else if (_error != 0)
        {
            NativeMethods.wasmtime_error_message(_error, &message);
        }
        else
        {
            return "";
        }

        Free();
        return Flatten(message.TakeText());
    }

    public void Free()
    {
        if (_error != 0)
        {
            NativeMethods.wasmtime_error_delete(_error);
        }

        if (_trap != 0)
        {
            NativeMethods.wasm_trap_delete(_trap);
        }

        _error = 0;
        _trap = 0;
    }

    /// <summary>Cause first, then the innermost frames of the guest's stack, all on one line.</summary>
    private static string Flatten(string message)
    {
        var lines = message.Split('\n', '\0').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
        var cause = lines.IndexOf("Caused by:");
        if (cause <= 0)
        {
            return string.Join("; ", lines);
        }

        // Frames are numbered, and so are causes when there are several; of a trap, the first line only says that it is one.
        var frames = FramesOf(lines.Take(cause));
        var head = frames.Count > 0 ? [] : lines.Take(cause);
        var text = string.Join("; ", head.Concat(lines.Skip(cause + 1).Select(WithoutNumber)));
        if (frames.Count > 0)
        {
            var most = frames.Any(frame => frame.EndsWith(')')) ? MaxFramesWithPlaces : MaxFrames;
            text += $"; at {string.Join(", ", frames.Take(most))}{(frames.Count > most ? ", …" : "")}";
        }

        return text;
    }

    /// <summary>
    /// The frames, each with its file and line where Wasmtime knows them. Functions that were inlined into one another are frames of their own.
    /// </summary>
    private static List<string> FramesOf(IEnumerable<string> lines)
    {
        const string Inlined = "- ";
        const string Place = "at ";
        var frames = new List<string>();
        foreach (var line in lines)
        {
            if (IsNumbered(line))
            {
                frames.Add(FunctionOf(WithoutNumber(line)));
            }
            else if (frames.Count > 0 && line.StartsWith(Inlined, StringComparison.Ordinal))
            {
                frames.Add(FunctionOf(line[Inlined.Length..]));
            }
            else if (frames.Count > 0 && line.StartsWith(Place, StringComparison.Ordinal))
            {
                frames[^1] += $" ({line[Place.Length..]})";
            }
        }

        return frames;
    }

    /// <summary><c>0x32 - NAME!FUNCTION</c>, where either may be unknown. A function with a name needs no address to be found.</summary>
    private static string FunctionOf(string frame)
    {
        const string Address = "0x";
        const string UnknownModule = "<unknown>!";
        const string UnknownFunction = "<wasm function";
        var text = frame.Replace(UnknownModule, "", StringComparison.Ordinal);
        var end = text.StartsWith(Address, StringComparison.Ordinal) ? text.IndexOf(" - ", StringComparison.Ordinal) : -1;
        return end < 0 || text.Contains(UnknownFunction, StringComparison.Ordinal) ? text : text[(end + 3)..];
    }

    private static bool IsNumbered(string line) => char.IsAsciiDigit(line[0]) && line.Contains(": ", StringComparison.Ordinal);

    private static string WithoutNumber(string line) =>
        IsNumbered(line) ? line[(line.IndexOf(": ", StringComparison.Ordinal) + 2)..].Trim() : line;
}
