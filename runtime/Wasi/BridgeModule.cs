using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// A module through which the host calls Wasmtime's own WASI: such a function looks for its caller's memory, and the host has none. It imports
/// the functions and exports them again. One of a kind per engine.
/// </summary>
internal sealed unsafe class BridgeModule : IDisposable
{
    /// <summary>Bytes of the memory of a bridge that has its own: one page, so that no memory limit of a guest is too small for it.</summary>
    public const int MemorySize = 64 << 10;

    private const int None = -1;

    private static readonly byte[] Wasi = Encoding.UTF8.GetBytes(WasiSignatures.Preview1);

    private readonly LinkerHandle _linker;
    private readonly WasmModuleHandle _module;
    private readonly byte[][] _names;
    private readonly int[] _indexes = new int[(int)Enum.GetValues<WasiFunction>().Max() + 1];
    private readonly bool _hasMemory;

    /// <param name="engine">The engine of the guests.</param>
    /// <param name="functions">What can be called through it.</param>
    /// <param name="hasMemory">Whether it has a memory of its own, or that of the guest.</param>
    public BridgeModule(EngineHandle engine, WasiFunction[] functions, bool hasMemory)
    {
        _hasMemory = hasMemory;
        _names = [.. functions.Select(function => Encoding.UTF8.GetBytes(Signature(function).Name))];
        Array.Fill(_indexes, None);
        foreach (var (index, function) in functions.Index())
        {
            _indexes[(int)function] = index;
        }

        _linker = WasmLinker.Create(engine);
        WasmLinker.DefineWasmtimeWasi(_linker);
        _module = Compile(engine, functions, hasMemory);
    }

    /// <summary>What a core module with volumes calls through it: what <see cref="FileWasi"/> answers itself for some descriptors and not for others.</summary>
    public static WasiFunction[] OfModules { get; } =
        [WasiFunction.FdRead, WasiFunction.FdWrite, WasiFunction.FdClose, WasiFunction.FdRenumber, WasiFunction.PathOpen, WasiFunction.PollOneoff];

    /// <summary>What <see cref="FileCalls"/> calls through it, on behalf of a component.</summary>
    public static WasiFunction[] OfComponents { get; } =
    [
        WasiFunction.FdAdvise, WasiFunction.FdClose, WasiFunction.FdDatasync, WasiFunction.FdFdstatGet, WasiFunction.FdFdstatSetFlags,
        WasiFunction.FdFilestatGet, WasiFunction.FdFilestatSetSize, WasiFunction.FdFilestatSetTimes, WasiFunction.FdPwrite, WasiFunction.FdRead,
        WasiFunction.FdReaddir, WasiFunction.FdSeek, WasiFunction.FdSync, WasiFunction.FdWrite, WasiFunction.PathCreateDirectory,
        WasiFunction.PathFilestatGet, WasiFunction.PathFilestatSetTimes, WasiFunction.PathLink, WasiFunction.PathOpen, WasiFunction.PathReadlink,
        WasiFunction.PathRemoveDirectory, WasiFunction.PathRename, WasiFunction.PathSymlink, WasiFunction.PathUnlinkFile,
    ];

    /// <summary>Makes the instance of a run, within a call of the guest to the host. Null: it could not be made, and the run is stopped.</summary>
    /// <param name="run">The run.</param>
    /// <param name="context">Its store, a <c>wasmtime_context_t</c>.</param>
    public BridgeInstance? Instantiate(GuestRun run, nint context)
    {
        var imports = stackalloc ExternItem[_names.Length + 1];
        var count = 0;
        if (!_hasMemory)
        {
            imports[count++] = new ExternItem { Kind = ExternKind.Memory, Memory = run.Memory };
        }

        foreach (var name in _names)
        {
            if (!WasmLinker.TryGet(_linker, context, Wasi, name, out imports[count++]))
            {
                throw new InvalidOperationException($"Wasmtime's WASI has no {Encoding.UTF8.GetString(name)}");
            }
        }

        InstanceRef instance;
        nint trap = 0;
        var failure = new NativeError(
            NativeMethods.wasmtime_instance_new(context, _module.DangerousGetHandle(), imports, (nuint)count, &instance, &trap), trap);
        if (failure.IsFailure)
        {
            // Unless the time was up meanwhile, which the run knows: then that is the reason.
            run.Stop(GuestOutcome.Trapped, failure.TakeMessage());
            return null;
        }

        var functions = new FuncRef[_names.Length];
        for (var i = 0; i < functions.Length; i++)
        {
            functions[i] = Export(context, &instance, _names[i]).Func;
        }

        return new BridgeInstance(run, context, _indexes, functions, _hasMemory ? Export(context, &instance, "memory"u8).Memory : run.Memory);
    }

    public void Dispose()
    {
        _module.Dispose();
        _linker.Dispose();
    }

    private static ExternItem Export(nint context, InstanceRef* instance, ReadOnlySpan<byte> name)
    {
        ExternItem item;
        fixed (byte* pointer = name)
        {
            return NativeMethods.wasmtime_instance_export_get(context, instance, pointer, (nuint)name.Length, &item)
                ? item
                : throw new InvalidOperationException($"the bridge has no {Encoding.UTF8.GetString(name)}");
        }
    }

    private static WasmModuleHandle Compile(EngineHandle engine, WasiFunction[] functions, bool hasMemory)
    {
        var text = new StringBuilder("(module ");
        if (!hasMemory)
        {
            text.Append("(import \"guest\" \"memory\" (memory 0))\n");
        }

        foreach (var (_, name, parameters) in functions.Select(Signature))
        {
            text.Append($"(import \"wasi\" \"{name}\" (func ${name} {Types(parameters)} (result i32)))\n");
        }

        text.Append(hasMemory ? "(memory (export \"memory\") 1 1)\n" : "(export \"memory\" (memory 0))\n");
        foreach (var (_, name, parameters) in functions.Select(Signature))
        {
            var arguments = string.Join(' ', parameters.Select((_, i) => $"(local.get {i})"));
            text.Append($"(func (export \"{name}\") {Types(parameters)} (result i32) (call ${name} {arguments}))\n");
        }

        text.Append(')');
        var wasm = WasmEngine.ParseText(Encoding.UTF8.GetBytes(text.ToString()), out var error);
        var code = wasm is null ? null : WasmEngine.Compile(engine, wasm, out error);
        return (code is null ? null : WasmEngine.Deserialize(engine, code, out error))
            ?? throw new InvalidOperationException($"the bridge to Wasmtime's WASI cannot be made: {error}");
    }

    private static string Types(string parameters) => $"(param {string.Join(' ', parameters.Select(type => type == 'I' ? "i64" : "i32"))})";

    private static (WasiFunction Function, string Name, string Parameters) Signature(WasiFunction function) =>
        WasiSignatures.All.First(signature => signature.Function == function);
}

/// <summary>The bridge of one run, which is gone with the run's store.</summary>
internal sealed unsafe class BridgeInstance
{
    private static readonly RunState<BridgeInstance> State = new();

    private readonly GuestRun _run;
    private readonly nint _context;
    private readonly int[] _indexes;
    private readonly FuncRef[] _functions;
    private MemoryRef _memory;

    public BridgeInstance(GuestRun run, nint context, int[] indexes, FuncRef[] functions, in MemoryRef memory)
    {
        _run = run;
        _context = context;
        _indexes = indexes;
        _functions = functions;
        _memory = memory;
        State.Set(run, this);
    }

    /// <summary>The memory that pointers in the arguments lead to.</summary>
    public GuestMemory Memory
    {
        get
        {
            fixed (MemoryRef* reference = &_memory)
            {
                return new GuestMemory(
                    NativeMethods.wasmtime_memory_data(_context, reference), NativeMethods.wasmtime_memory_data_size(_context, reference));
            }
        }
    }

    /// <summary>That of a run; null: it has none yet.</summary>
    public static BridgeInstance? Of(GuestRun run) => State.Of(run);

    /// <summary>Calls one of the bridge's functions. When it fails, <see cref="GuestRun.IsStopped"/> is true afterwards.</summary>
    public Errno Call(WasiFunction function, ReadOnlySpan<RawValue> arguments)
    {
        // Room for the result, which takes the place of the first argument.
        var values = stackalloc RawValue[Math.Max(arguments.Length, 1)];
        arguments.CopyTo(new Span<RawValue>(values, arguments.Length));
        nint trap = 0;
        NativeError failure;
        fixed (FuncRef* reference = &_functions[_indexes[(int)function]])
        {
            failure = new NativeError(
                NativeMethods.wasmtime_func_call_unchecked(_context, reference, values, (nuint)Math.Max(arguments.Length, 1), &trap), trap);
        }

        if (!failure.IsFailure)
        {
            return (Errno)values[0].U32;
        }

        // As above.
        _run.Stop(GuestOutcome.Trapped, failure.TakeMessage());
        return Errno.Badf;
    }
}
