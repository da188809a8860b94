using System.Collections.Immutable;
using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Oci.Modules;
using Wagi.Runtime.Images;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Memories;

namespace Wagi.Runtime.Guests;

/// <summary>
/// Runs a module's initialization before there is a request, and writes a module that begins where it ended. What the guest is told meanwhile is
/// the same for every request: no environment, no arguments, a clock that stands still.
/// </summary>
internal static class Preinitializer
{
    private const int MaxStderr = 4 << 10;

    /// <summary>How long it may take, unless a caller says otherwise.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(10);

    /// <summary>What its linear memory may grow to, in bytes: the compiler holds it several times, and has 768 MiB by default.</summary>
    public const long MemoryLimit = 64L << 20;

    /// <param name="engine">Where it runs.</param>
    /// <param name="wasm">A core module or a component, in binary format.</param>
    /// <param name="kind">What its initialization may use.</param>
    /// <param name="timeout">How long it may take; null: <see cref="DefaultTimeout"/>.</param>
    /// <exception cref="InvalidDataException">It has no initialization, or one whose result cannot be kept; the message says why.</exception>
    public static byte[] Run(GuestEngine engine, ReadOnlyMemory<byte> wasm, Preinitialization kind, TimeSpan? timeout = null)
    {
        var atMost = timeout ?? DefaultTimeout;
        if (!WasmBinary.IsComponent(wasm.Span))
        {
            return RunModule(engine, wasm, kind, atMost);
        }

        var section = ComponentModules.FindInitializable(wasm);
        return ComponentModules.Replace(wasm.Span, section, RunModule(engine, wasm[section.Content..section.End], kind, atMost));
    }

    private static byte[] RunModule(GuestEngine engine, ReadOnlyMemory<byte> wasm, Preinitialization kind, TimeSpan timeout)
    {
        var module = InitializableModule.Read(wasm);
        if (module.Initializers.Count == 0)
        {
            throw new InvalidDataException($"it does not export {InitializableModule.InitializerNames}");
        }

        var program = new InitializationProgram(engine, module, kind == Preinitialization.WithRandom);
        using var guest = new Guest(engine, program);
        var stderr = new CapturedOutput(MaxStderr);
        var result = guest.Run(new GuestRun { Stdout = new RefusedOutput(), Stderr = stderr, Timeout = timeout, MemoryLimit = MemoryLimit });
        return program.Begun ?? throw new InvalidDataException(Describe(result, stderr, timeout));
    }

    private static string Describe(GuestResult result, CapturedOutput stderr, TimeSpan timeout)
    {
        var what = result.Outcome switch
        {
            GuestOutcome.Completed => "it ends itself (proc_exit)",
            GuestOutcome.Failed => $"it ends itself (proc_exit) with {result.Message}",
            GuestOutcome.DeadlineExceeded => $"it takes longer than {Duration.Format(timeout)}",
            GuestOutcome.OutputRefused => $"it writes more than {ByteSize.Format(MaxStderr)} to stderr",
            _ => result.Message,
        };
        var said = Encoding.UTF8.GetString(stderr.Bytes).Trim().ReplaceLineEndings(" | ");
        return said.Length == 0 ? what : $"{what}; it writes to stderr: {said}";
    }

    /// <summary>What is written before there is a request would belong to none.</summary>
    private sealed class RefusedOutput : IGuestOutput
    {
        public CancellationToken Aborted => CancellationToken.None;

        public bool Write(ReadOnlySpan<byte> bytes) => throw new TrapException("it writes to stdout, and nobody is there to read it");

        public bool Flush() => true;
    }
}

/// <summary>A core module whose run is its initialization.</summary>
internal sealed class InitializationProgram : IGuestProgram
{
    private readonly GuestEngine _engine;
    private readonly InitializableModule _module;
    private readonly WasmModuleHandle _code;
    private readonly ModuleMemory? _memory;
    private readonly LinkerHandle _linker;
    private readonly InstancePreHandle _instancePre;
    private readonly Dictionary<string, ExportedFunction> _functions;

    /// <param name="engine">Where it runs.</param>
    /// <param name="module">The module.</param>
    /// <param name="hasRandom">Whether it gets random numbers.</param>
    /// <exception cref="InvalidDataException">It cannot be compiled, or what initializes it takes parameters.</exception>
    public InitializationProgram(GuestEngine engine, InitializableModule module, bool hasRandom)
    {
        _engine = engine;
        _module = module;
        _code = engine.CompileHere(module.Open(), out _memory);
        _functions = WasmEngine.Functions(_code);
        _linker = WasmLinker.Create(engine.Handle);
        foreach (var functions in engine.Functions)
        {
            functions.DefineForInitialization(_linker, hasRandom);
        }

        WasmLinker.DefineUnknown(_linker, _code);
        _instancePre = WasmLinker.Prepare(_linker, _code, out var error)!;
        var odd = module.Initializers.FirstOrDefault(name => _functions[name] is not { Parameters: 0, Results: 0 });
        if (error is not null || odd is not null)
        {
            Dispose();
            throw new InvalidDataException(error ?? $"its function '{odd}' has parameters or results");
        }
    }

    /// <summary>The module that begins where the initialization has ended; null: it has not come to its end.</summary>
    public byte[]? Begun { get; private set; }

    /// <inheritdoc/>
    public bool HasExport(string name) => _functions.ContainsKey(name);

    /// <inheritdoc/>
    public void Check(string entrypoint, bool hasFiles)
    {
        // It has been, when it was made.
    }

    /// <inheritdoc/>
    public GuestResult Run(GuestRun run, string entrypoint)
    {
        using var store = _engine.CreateStore(_engine.Handle, run);
        var error = Instantiate(store, out var instance);
        if (error.IsFailure)
        {
            return run.Conclude(error, GuestOutcome.NotStarted);
        }

        var tables = ReadTables(store, ref instance);
        foreach (var name in _module.Initializers)
        {
            error = store.Call(ref instance, _functions[name].Utf8Name);
            if (error.IsFailure)
            {
                return run.Conclude(error, GuestOutcome.Trapped);
            }
        }

        var memory = _module.HasMemory ? store.ReadMemory(Export(store, ref instance, InitializableModule.MemoryName).Memory) : [];
        Begun = _module.Begin(memory, ReadState(store, ref instance, tables));
        return run.Conclude(error, GuestOutcome.Trapped);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _instancePre?.Dispose();
        _linker.Dispose();
        _code.Dispose();
        _memory?.Dispose();
    }

    private unsafe NativeError Instantiate(in WasmStore store, out InstanceRef instance) =>
        ModuleMemory.Instantiate(store, _instancePre, _memory, out instance, out _);

    private static ExternItem Export(in WasmStore store, ref InstanceRef instance, string name) => store.Export(ref instance, Encoding.UTF8.GetBytes(name));

    private List<FuncRef[]> ReadTables(in WasmStore store, ref InstanceRef instance)
    {
        var tables = new List<FuncRef[]>();
        foreach (var index in _module.Tables)
        {
            tables.Add(store.ReadTable(Export(store, ref instance, InitializableModule.TableName(index)).Table));
        }

        return tables;
    }

    private ModuleState ReadState(in WasmStore store, ref InstanceRef instance, List<FuncRef[]> before)
    {
        var functions = new Dictionary<FuncRef, uint>();
        foreach (var index in _module.References)
        {
            functions.TryAdd(Export(store, ref instance, InitializableModule.FunctionName(index)).Func, index);
        }

        var globals = ImmutableArray.CreateBuilder<WasmValue>();
        foreach (var (index, isReference) in _module.Globals)
        {
            var value = store.ReadGlobal(Export(store, ref instance, InitializableModule.GlobalName(index)).Global);
            globals.Add(isReference ? new WasmValue(0, IndexOf(value.Func)) : new WasmValue(new UInt128(value.High, value.Low)));
        }

        // Where making the instance ran a function, nobody has seen how the tables began.
        var tables = ReadTables(store, ref instance).Select((table, index) =>
            !_module.HasStart && table.AsSpan().SequenceEqual(before[index]) ? null : table.Select(IndexOf).ToArray());
        return new ModuleState(globals.ToImmutable(), [.. tables]);

        uint? IndexOf(FuncRef function) => function.Store == 0 ? null
            : functions.TryGetValue(function, out var index) ? index
            : throw new InvalidDataException("it holds a reference to a function that is not its own");
    }
}
