using System.Globalization;
using System.IO.Hashing;
using Wagi.Modules.Status;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Guests;

/// <summary>
/// The process-wide sandbox: compiles modules, loads them, and holds the pool of slots that their instances run in. One per process
/// is enough; it is safe for concurrent use.
/// </summary>
public sealed class GuestEngine : IDisposable
{
    /// <summary>Wasmtime keeps native code in ELF files, whatever the operating system.</summary>
    private static readonly byte[] NativeMagic = [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    private static readonly byte[] WasmMagic = [0, (byte)'a', (byte)'s', (byte)'m'];

    private readonly EngineHandle _engine;
    private readonly LinkerHandle _stdioLinker;
    private readonly Lazy<LinkerHandle> _fileLinker;
    private readonly Lazy<BridgeModule> _bridge;
    private readonly EpochTicker _ticker;
    private readonly Lazy<string> _compatibilityKey;

    /// <summary>Reserves the address space of the pool and starts the thread that interrupts guests.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The address space cannot be reserved.</exception>
    public GuestEngine(GuestEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        _engine = WasmEngine.Create(new EngineSettings(
            (uint)options.MaxInstances, (nuint)options.MaxTableElements, (nuint)options.StackSize, (nuint)options.KeepResident));
        _stdioLinker = WasmLinker.Create(_engine);
        WasmLinker.DefineStdioWasi(_stdioLinker);
        WasmLinker.DefineOutboundHttp(_stdioLinker);
        _fileLinker = new Lazy<LinkerHandle>(CreateFileLinker);
        _bridge = new Lazy<BridgeModule>(() => new BridgeModule(_engine));
        _ticker = new EpochTicker(_engine, options.Tick);
        _compatibilityKey = new Lazy<string>(ReadCompatibilityKey);
        Slots = new ConcurrencyGate(options.MaxInstances, int.MaxValue);
    }

    /// <summary>What it was made with.</summary>
    public GuestEngineOptions Options { get; }

    /// <summary>Guests that run now.</summary>
    public int Running => _ticker.Running;

    /// <summary>Guests that compute for long, sleep, or wait for a slow client, each keeping a thread.</summary>
    public int ThreadsHeld => Threads.Held;

    /// <summary>
    /// Changes with everything that makes native code incompatible: Wasmtime's version, the settings of the engine, the features of
    /// the CPU. Letters and digits, fit for the name of a directory.
    /// </summary>
    public string CompatibilityKey => _compatibilityKey.Value;

    /// <summary>Whether the thread that interrupts guests rests, because no guest has run for a while.</summary>
    internal bool IsResting => _ticker.IsResting;

    internal ConcurrencyGate Slots { get; }

    internal ThreadReserve Threads { get; } = new();

    internal EngineHandle Handle => _engine;

    /// <summary>What guests without volumes may import.</summary>
    internal LinkerHandle StdioLinker => _stdioLinker;

    /// <summary>What guests with volumes may import.</summary>
    internal LinkerHandle FileLinker => _fileLinker.Value;

    internal BridgeModule Bridge => _bridge.Value;

    internal EpochTicker Ticker => _ticker;

    /// <summary>Wasm, or WebAssembly text, to native code.</summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.NotWasm"/> or <see cref="ModuleReason.CompileFailed"/>.</exception>
    public byte[] Compile(ReadOnlySpan<byte> wasm)
    {
        if (wasm.StartsWith(WasmMagic))
        {
            return CompileBinary(wasm);
        }

        if (IsNativeCode(wasm))
        {
            throw new GuestLoadException(
                ModuleReason.NotWasm,
                "the module is native code already, which only a file that modules.toml names may be; use the Wasm that it was made of");
        }

        // Text may start with blanks and comments; anything else that is no text is best called by its name.
        if (wasm.IsEmpty || wasm.Contains((byte)0))
        {
            throw new GuestLoadException(
                ModuleReason.NotWasm, wasm.IsEmpty ? "the module is empty" : "the module is neither WebAssembly nor WebAssembly text");
        }

        return WasmEngine.ParseText(wasm, out var error) is { } binary
            ? CompileBinary(binary)
            : throw new GuestLoadException(ModuleReason.NotWasm, $"the module is not WebAssembly, and not WebAssembly text either: {error}");
    }

    /// <summary>Whether this looks like what <see cref="Compile"/> gives back, by its first bytes.</summary>
    public static bool IsNativeCode(ReadOnlySpan<byte> content) => content.StartsWith(NativeMagic);

    /// <summary>Wasm as it is, WebAssembly text translated to it.</summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.NotWasm"/>.</exception>
    public static byte[] ToWasm(byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (content.AsSpan().StartsWith(WasmMagic))
        {
            return content;
        }

        return WasmEngine.ParseText(content, out var error)
            ?? throw new GuestLoadException(ModuleReason.NotWasm, $"it is not WebAssembly text: {error}");
    }

    private byte[] CompileBinary(ReadOnlySpan<byte> wasm)
    {
        string? error;
        var code = WasmComponent.IsComponent(wasm)
            ? WasmComponent.Compile(_engine, wasm, out error)
            : WasmEngine.Compile(_engine, wasm, out error);
        return code
            ?? throw new GuestLoadException(ModuleReason.CompileFailed, $"the module cannot be compiled: {error}");
    }

    /// <summary>Loads native code that <see cref="Compile"/> made under the same <see cref="CompatibilityKey"/>.</summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.CompileFailed"/>: it does not fit this engine.</exception>
    public Guest Load(ReadOnlySpan<byte> nativeCode) => Deserialize(nativeCode, out var error)
        ?? throw new GuestLoadException(ModuleReason.CompileFailed, $"the native code cannot be loaded: {error}");

    /// <summary>
    /// As <see cref="Load"/>, mapped from a file. The file may be deleted while it is in use, and must not be written to. Only files
    /// that this process can trust: Wasmtime checks that native code is its own version's, not that it is harmless.
    /// </summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.CompileFailed"/>: it does not fit this engine.</exception>
    public Guest LoadFile(string path) => DeserializeFile(path, out var error)
        ?? throw new GuestLoadException(ModuleReason.CompileFailed, $"the native code cannot be loaded: {error}");

    /// <summary>
    /// As <see cref="Load"/>, for native code that a person made beforehand and may have made for another version or machine. Only
    /// from where what is run there is trusted: native code is not checked, and not confined.
    /// </summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.CompileFailed"/>: it does not fit this engine.</exception>
    public Guest LoadPrecompiled(ReadOnlySpan<byte> nativeCode) => Deserialize(nativeCode, out var error)
        ?? throw new GuestLoadException(
            ModuleReason.CompileFailed,
            $"the native code does not fit this engine ({CompatibilityKey}): {error}; make it again from the Wasm with this version's 'wagi compile', on a machine like this one");

    private Guest? Deserialize(ReadOnlySpan<byte> nativeCode, out string? error) => WasmComponent.IsNativeCode(nativeCode)
        ? Own(WasmComponent.Deserialize(_engine, nativeCode, out error))
        : Own(WasmEngine.Deserialize(_engine, nativeCode, out error));

    private Guest? DeserializeFile(string path, out string? error)
    {
        Span<byte> header = stackalloc byte[WasmComponent.NativeHeaderSize];
        try
        {
            using var file = File.OpenHandle(path);
            header = header[..RandomAccess.Read(file, header, 0)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = exception.Message;
            return null;
        }

        return WasmComponent.IsNativeCode(header)
            ? Own(WasmComponent.DeserializeFile(_engine, path, out error))
            : Own(WasmEngine.DeserializeFile(_engine, path, out error));
    }

    private Guest? Own(WasmModuleHandle? module) => module is null ? null : new Guest(this, new CoreProgram(this, module));

    private Guest? Own(ComponentHandle? component) => component is null ? null : new Guest(this, new ComponentProgram(this, component));

    private LinkerHandle CreateFileLinker()
    {
        var linker = WasmLinker.Create(_engine);
        WasmLinker.DefineFileWasi(linker);
        WasmLinker.DefineOutboundHttp(linker);
        return linker;
    }

    private string ReadCompatibilityKey()
    {
        // Wasmtime writes all that it will compare into the head of every compiled module: so the code of an empty one is the key.
        var nativeCode = Compile("(module)"u8);
        return XxHash128.HashToUInt128(nativeCode).ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>Stops interrupting guests; native memory is given back when the last guest is gone.</summary>
    public void Dispose()
    {
        _ticker.Dispose();
        _stdioLinker.Dispose();
        if (_fileLinker.IsValueCreated)
        {
            _fileLinker.Value.Dispose();
        }

        if (_bridge.IsValueCreated)
        {
            _bridge.Value.Dispose();
        }

        _engine.Dispose();
    }
}
