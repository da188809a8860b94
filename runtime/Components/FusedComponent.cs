namespace Wagi.Runtime.Components;

/// <summary>The names of what a component imports and exports that has become one core module.</summary>
internal static class FusedComponent
{
    /// <summary>The interface of a command, up to the version's last number.</summary>
    public const string RunInterface = "wasi:cli/run@0.2.";

    /// <summary>The interface of a handler of HTTP requests, up to the version's last number.</summary>
    public const string HandlerInterface = "wasi:http/incoming-handler@0.2.";

    /// <summary>The name under which the module exports its memory.</summary>
    public const string Memory = "memory";

    /// <summary>The name under which it exports <c>run</c> of <c>wasi:cli/run</c>.</summary>
    public const string Run = "run";

    /// <summary>The name under which it exports <c>handle</c> of <c>wasi:http/incoming-handler</c>.</summary>
    public const string Handle = "handle";

    /// <summary>The name under which it exports a function that gives the host memory of the guest, by its number.</summary>
    public static string Realloc(int number) => $"realloc#{number}";

    /// <summary>The name of a function that it imports, from the module that is named after the interface.</summary>
    /// <param name="function">Its name in the interface.</param>
    /// <param name="realloc">The number of the function that gives it memory of the guest; null: it needs none.</param>
    public static string Import(string function, int? realloc) => realloc is null ? function : $"{function}#{realloc}";

    /// <summary>The parts of such a name.</summary>
    public static (string Function, int? Realloc) ReadImport(string name) =>
        name.LastIndexOf('#') is var separator and >= 0 && int.TryParse(name.AsSpan(separator + 1), out var realloc)
            ? (name[..separator], realloc)
            : (name, null);
}

/// <summary>The core module that a component has become.</summary>
/// <param name="Wasm">In binary format.</param>
/// <param name="GrowsMemoryOfAnother">
/// Whether one of its modules grows the memory of another one. Adapters from preview 1 do, in each run, to have pages of their own.
/// </param>
internal sealed record FusedModule(byte[] Wasm, bool GrowsMemoryOfAnother);
