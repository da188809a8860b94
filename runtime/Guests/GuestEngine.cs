using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Oci.Modules;
using Wagi.Runtime.Components;
using Wagi.Runtime.Images;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Memories;
using Wagi.Runtime.Transport;

namespace Wagi.Runtime.Guests;

/// <summary>
/// What guests run in: compiles modules, loads them, and holds the pool of slots for their instances. One per process is enough; it is safe
/// for concurrent use.
/// </summary>
public sealed class GuestEngine : IDisposable
{
    /// <summary>Wasmtime keeps native code in ELF files, whatever the operating system.</summary>
    private static readonly byte[] NativeMagic = [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    private const string NotWhole = "it is cut off, or another version's";

    /// <summary>
    /// Bytes that a slot of the pool keeps, which clears them whether they were touched or not: for most compiled languages the stack and the data
    /// are within the first two megabytes. Components have several memories, and most of them are small.
    /// </summary>
    private const int KeptByPool = 2 << 20;

    private const int KeptByPoolOfComponents = 128 << 10;

    private const int LargeModule = 4 << 20;

    private readonly Lazy<EngineHandle> _checking;
    private readonly Lazy<EngineHandle> _components;
    private readonly Lazy<LinkerHandle> _fileLinker;
    private readonly Lazy<string> _compatibilityKey;
    private int _guests;

    /// <summary>Reserves the address space of the pool and starts the thread that interrupts guests.</summary>
    /// <param name="options">Its bounds.</param>
    /// <param name="threads">The threads that answer requests; null: those of the pool do.</param>
    /// <param name="interfaces">What components may import.</param>
    /// <param name="functions">What core modules may import; the engine owns them.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The address space cannot be reserved.</exception>
    internal GuestEngine(GuestEngineOptions options, RequestThreads? threads, IHostInterfaces interfaces, params IReadOnlyList<IHostFunctions> functions)
    {
        options.Validate();
        Options = options;
        Interfaces = interfaces;
        Functions = functions;
        OwnMemories = CreateMemories(options);
        Handle = CreateHandle(OwnMemories, KeptByPool, memoriesOfGuest: 2);
        _checking = new Lazy<EngineHandle>(() => CreateHandle(OwnMemories, KeptByPool, memoriesOfGuest: 2, checksBounds: true));
        _components = new Lazy<EngineHandle>(() => CreateHandle(memories: null, KeptByPoolOfComponents, WasmEngine.MemoriesOfComponent, isForComponents: true));
        Linker = CreateLinker(hasFiles: false);
        _fileLinker = new Lazy<LinkerHandle>(() => CreateLinker(hasFiles: true));
        Starts = new RunQueue(Environment.ProcessorCount, TimeProvider.System, threads is null ? null : threads.Post);
        Threads = new ThreadReserve(Starts);
        Ticker = new EpochTicker(options.Tick, Tick);
        Turns = new CpuTurns(Environment.ProcessorCount, () => Ticker.IsQuiet);
        if (threads is not null)
        {
            threads.IsAnyComputing = () => Turns.AreTaken;
        }

        _compatibilityKey = new Lazy<string>(ReadCompatibilityKey);
        Slots = new ConcurrencyGate(options.MaxInstances, int.MaxValue);
        Lifetime = new Lifetime(Release);
    }

    /// <summary>What it was made with.</summary>
    public GuestEngineOptions Options { get; }

    /// <summary>Where the memories of core modules come from, for people: chosen by trying what the kernel allows.</summary>
    public string Memories => OwnMemories is null ? "pool" : $"slots{(Options.RestoresInstances ? " with their instances" : "")}, by {OwnMemories.Method}";

    /// <summary>Makes the memories of core modules; null: the pool does.</summary>
    internal LinearMemories? OwnMemories { get; }

    /// <summary>Guests that run now.</summary>
    public int Running => Ticker.Running;

    /// <summary>Guests that compute for long, sleep, or wait for a slow client, each keeping a thread.</summary>
    public int ThreadsKept => Threads.Kept;

    /// <summary>
    /// Changes with everything that makes native code incompatible: Wasmtime's version, the settings of the engine, the features of
    /// the CPU. Letters and digits, fit for the name of a directory.
    /// </summary>
    public string CompatibilityKey => _compatibilityKey.Value;

    /// <summary>Whether the thread that interrupts guests rests, because no guest has run for a while.</summary>
    internal bool IsResting => Ticker.IsResting;

    internal ConcurrencyGate Slots { get; }

    internal ThreadReserve Threads { get; }

    internal EpochTicker Ticker { get; }

    internal CpuTurns Turns { get; }

    internal RunQueue Starts { get; }

    /// <summary>Runs core modules.</summary>
    internal EngineHandle Handle { get; }

    /// <summary>
    /// Runs components, whose memories are always the pool's: how many modules one is made of, and which memory is for which, only Wasmtime knows.
    /// </summary>
    internal EngineHandle ComponentHandle => _components.Value;

    /// <summary>Runs core modules whose code has these traits.</summary>
    private EngineHandle HandleOf(NativeTraits traits) => traits.HasFlag(NativeTraits.ChecksBounds) ? _checking.Value : Handle;

    /// <summary>Ends with the engine; every guest is inside until it is disposed.</summary>
    internal Lifetime Lifetime { get; }

    internal IHostInterfaces Interfaces { get; }

    internal IReadOnlyList<IHostFunctions> Functions { get; }

    /// <summary>What guests without files may import.</summary>
    internal LinkerHandle Linker { get; }

    /// <summary>What guests with files may import.</summary>
    internal LinkerHandle FileLinker => _fileLinker.Value;

    /// <summary>Wasm, or WebAssembly text, to native code.</summary>
    /// <param name="wasm">The module.</param>
    /// <param name="preinitialization">Whether it is initialized now; where that cannot be, <see cref="Guest.Remark"/> says why.</param>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.NotWasm"/> or <see cref="ModuleReason.CompileFailed"/>.</exception>
    public byte[] Compile(ReadOnlySpan<byte> wasm, Preinitialization preinitialization = Preinitialization.None)
    {
        CheckFormat(wasm);
        ReadOnlySpan<byte> binary = wasm;
        if (!WasmBinary.IsWasm(wasm))
        {
            binary = WasmEngine.ParseText(wasm, out var error)
                ?? throw new GuestLoadException(ModuleReason.NotWasm, $"the module is not WebAssembly, and not WebAssembly text either: {error}");
        }

        return preinitialization == Preinitialization.None ? CompileBinary(binary, remark: "", NativeTraits.None) : CompileInitialized(binary.ToArray(), preinitialization);
    }

    /// <summary>Finds by the first bytes what can be neither WebAssembly nor WebAssembly text.</summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.NotWasm"/>.</exception>
    internal static void CheckFormat(ReadOnlySpan<byte> wasm)
    {
        if (WasmBinary.IsWasm(wasm))
        {
            return;
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
    }

    /// <summary>What there is to say to people about what <see cref="Compile"/> gave back; empty: nothing.</summary>
    public static string RemarkOf(ReadOnlySpan<byte> nativeCode) => ReadParts(nativeCode)?.RemarkIn(nativeCode) ?? "";

    /// <summary>Whether what <see cref="Compile"/> gave back begins where the module's initialization has ended.</summary>
    public static bool IsInitialized(ReadOnlySpan<byte> nativeCode) => ReadParts(nativeCode)?.Traits.HasFlag(NativeTraits.Initialized) ?? false;

    /// <summary>Whether this looks like what <see cref="Compile"/> gives back, by its first bytes.</summary>
    public static bool IsNativeCode(ReadOnlySpan<byte> content) => content.StartsWith(NativeMagic);

    /// <summary>Wasm as it is, WebAssembly text translated to it.</summary>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.NotWasm"/>.</exception>
    public static byte[] ToWasm(byte[] content)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (WasmBinary.IsWasm(content))
        {
            return content;
        }

        return WasmEngine.ParseText(content, out var error)
            ?? throw new GuestLoadException(ModuleReason.NotWasm, $"it is not WebAssembly text: {error}");
    }

    private byte[] CompileInitialized(byte[] wasm, Preinitialization preinitialization)
    {
        byte[] initialized;
        try
        {
            initialized = Preinitializer.Run(this, wasm, preinitialization);
        }
        catch (InvalidDataException exception)
        {
            return CompileBinary(wasm, $"not preinitialized: {exception.Message}", NativeTraits.None);
        }

        ForgetCopies(initialized.Length);
        return CompileBinary(initialized, remark: "", NativeTraits.Initialized);
    }

    /// <summary>What was copied on the way counts against what a compilation may take, until it is handed back.</summary>
    private static void ForgetCopies(int length)
    {
        if (length > LargeModule)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
        }
    }

    private byte[] CompileBinary(ReadOnlySpan<byte> wasm, string remark, NativeTraits traits)
    {
        Enter();
        try
        {
            if (WasmBinary.IsComponent(wasm))
            {
                return CompileComponent(wasm, remark, traits);
            }

            var code = Translate(wasm, isRestored: true, ref traits, out var image, out var error);
            return Join(code, image, remark, traits, error);
        }
        finally
        {
            Lifetime.Exit();
        }
    }

    /// <summary>A component to native code: as one core module, or, where it cannot be one, as Wasmtime runs components.</summary>
    private byte[] CompileComponent(ReadOnlySpan<byte> wasm, string remark, NativeTraits traits)
    {
        try
        {
            var fused = ComponentFusion.Fuse(wasm.ToArray());
            ForgetCopies(fused.Wasm.Length);
            var traitsOfModule = traits | NativeTraits.Component;
            if (fused.GrowsMemoryOfAnother && OwnMemories is not null)
            {
                // To close after each run what was grown in it takes the kernel longer than a small guest runs.
                traitsOfModule |= NativeTraits.ChecksBounds;
            }

            if (Translate(fused.Wasm, isRestored: true, ref traitsOfModule, out var image, out var error) is { } code)
            {
                return Join(code, image, remark, traitsOfModule, error);
            }
        }
        catch (InvalidDataException exception)
        {
            // What is wrong with it, if anything is, Wasmtime says.
            remark = remark.Length > 0 ? remark : $"run by Wasmtime's interface for components, which is slower: {exception.Message}";
        }

        var composed = WasmComponent.Compile(ComponentHandle, wasm, out var failure);
        if (composed is not null && ComponentModules.CountMemories(wasm) > 1)
        {
            traits |= NativeTraits.SeveralMemories;
        }

        return Join(composed, image: null, remark, traits, failure);
    }

    /// <summary>A core module to native code, and what its memory begins with; or what is wrong with it.</summary>
    /// <param name="wasm">The module.</param>
    /// <param name="isRestored">Whether its instances are restored after a run, if they can be.</param>
    /// <param name="traits">What is known of it; on return, also what was found.</param>
    /// <param name="image">What its memory begins with; null: zeros, or what Wasmtime writes to it.</param>
    /// <param name="error">What is wrong with it, when there is no code.</param>
    private byte[]? Translate(ReadOnlySpan<byte> wasm, bool isRestored, ref NativeTraits traits, out MemoryImage? image, out string? error)
    {
        var engine = HandleOf(traits);
        image = null;

        // The pool makes images of its own, and clears its memories itself.
        if (OwnMemories is not null)
        {
            var rest = DataSegments.TryTake(wasm, Environment.SystemPageSize, out var taken, out image) ? taken : wasm;
            if (isRestored && RestorableModule.TryOpen(rest, out var open) && WasmEngine.Compile(engine, open, out error) is { } restorable)
            {
                traits |= NativeTraits.Restorable;
                return restorable;
            }

            if (image is not null && WasmEngine.Compile(engine, rest, out error) is { } code)
            {
                return code;
            }
        }

        // What is wrong with a module is said about the module as it came.
        image = null;
        return WasmEngine.Compile(engine, wasm, out error);
    }

    /// <summary>Compiles a core module for this process alone, where its code and its image stay in memory.</summary>
    /// <param name="wasm">A core module in binary format.</param>
    /// <param name="memory">Where its instances' memories come from, the caller's from here on; null: from the pool.</param>
    /// <exception cref="InvalidDataException">It cannot be compiled.</exception>
    internal WasmModuleHandle CompileHere(ReadOnlySpan<byte> wasm, out ModuleMemory? memory)
    {
        var traits = NativeTraits.None;
        var code = Translate(wasm, isRestored: false, ref traits, out var image, out var error);
        var module = (code is null ? null : WasmEngine.Deserialize(Handle, code, out error)) ?? throw new InvalidDataException(error);
        memory = OwnMemories is null ? null
            : new ModuleMemory(OwnMemories, image is null ? null : MappedImage.Copy(image.Content.Span, image.Start));
        return module;
    }

    private static byte[] Join(byte[]? code, MemoryImage? image, string remark, NativeTraits traits, string? error) => code is not null
        ? NativeCode.Join(code, image, remark, traits, Environment.SystemPageSize)
        : throw new GuestLoadException(ModuleReason.CompileFailed, $"the module cannot be compiled: {error}");

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

    private Guest? Deserialize(ReadOnlySpan<byte> file, out string? error)
    {
        CheckRoom();
        Enter();
        try
        {
            if (ReadParts(file) is not { } parts)
            {
                error = NotWhole;
                return null;
            }

            var code = file[..(int)parts.CodeLength];
            var remark = parts.RemarkIn(file);
            if (WasmComponent.IsNativeCode(code))
            {
                return Own(WasmComponent.Deserialize(ComponentHandle, code, out error), remark, parts.Traits);
            }

            var image = file.Slice((int)parts.ImageOffset, (int)parts.ImageLength);
            return WasmEngine.Deserialize(HandleOf(parts.Traits), code, out error) is { } module
                ? Own(module, image.IsEmpty ? null : MappedImage.Copy(image, parts.ImageStart), remark, parts.Traits)
                : null;
        }
        catch (IOException exception)
        {
            error = exception.Message;
            return null;
        }
        finally
        {
            Lifetime.Exit();
        }
    }

    private Guest? DeserializeFile(string path, out string? error)
    {
        CheckRoom();
        Enter();
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (ReadParts(file) is not { } parts)
            {
                error = NotWhole;
                return null;
            }

            var remark = ReadRemark(file, parts);
            if (IsComponent(file))
            {
                return Own(WasmComponent.DeserializeFile(ComponentHandle, path, out error), remark, parts.Traits);
            }

            if (WasmEngine.DeserializeFile(HandleOf(parts.Traits), path, out error) is not { } module)
            {
                return null;
            }

            if (parts.ImageLength == 0)
            {
                return Own(module, image: null, remark, parts.Traits);
            }

            var image = MappedImage.Map(file, parts.ImageOffset, parts.ImageLength, parts.ImageStart);
            file = null;
            return Own(module, image, remark, parts.Traits);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = exception.Message;
            return null;
        }
        finally
        {
            file?.Dispose();
            Lifetime.Exit();
        }
    }

    private static NativeCode? ReadParts(ReadOnlySpan<byte> file) =>
        NativeCode.Read(file[^Math.Min(file.Length, NativeCode.TrailerSize)..], file.Length, Environment.SystemPageSize);

    private static NativeCode? ReadParts(SafeFileHandle file)
    {
        Span<byte> trailer = stackalloc byte[NativeCode.TrailerSize];
        var length = RandomAccess.GetLength(file);
        var read = RandomAccess.Read(file, trailer, Math.Max(0, length - trailer.Length));
        return NativeCode.Read(trailer[..read], length, Environment.SystemPageSize);
    }

    private static string ReadRemark(SafeFileHandle file, NativeCode parts)
    {
        if (parts.RemarkLength == 0)
        {
            return "";
        }

        var remark = new byte[parts.RemarkLength];
        return Encoding.UTF8.GetString(remark.AsSpan(0, RandomAccess.Read(file, remark, parts.RemarkOffset)));
    }

    private static bool IsComponent(SafeFileHandle file)
    {
        Span<byte> header = stackalloc byte[WasmComponent.NativeHeaderSize];
        return WasmComponent.IsNativeCode(header[..RandomAccess.Read(file, header, 0)]);
    }

    /// <summary>Keeps the engine while it is used; to be followed by an exit from <see cref="Lifetime"/>.</summary>
    private void Enter() => ObjectDisposedException.ThrowIf(!Lifetime.TryEnter(), this);

    /// <summary>Loads that run side by side may all see the last room: a few too many are what the rest of the descriptors is for.</summary>
    private void CheckRoom()
    {
        if (Volatile.Read(ref _guests) >= Options.MaxGuests)
        {
            throw new GuestLoadException(
                ModuleReason.TooManyModules,
                $"{Options.MaxGuests} modules are loaded, which is what this process has descriptors and memory maps for (ulimit -n, vm.max_map_count)")
            {
                IsWorthRetrying = true,
            };
        }
    }

    /// <summary>A guest is there from now on; to be followed by <see cref="Leave"/>.</summary>
    internal bool TryJoin()
    {
        if (!Lifetime.TryEnter())
        {
            return false;
        }

        Interlocked.Increment(ref _guests);
        return true;
    }

    /// <summary>A guest is gone.</summary>
    internal void Leave()
    {
        Interlocked.Decrement(ref _guests);
        Lifetime.Exit();
    }

    private Guest Own(WasmModuleHandle module, MappedImage? image, string remark, NativeTraits traits)
    {
        var memory = OwnMemories is null ? null : new ModuleMemory(OwnMemories, image);
        var isRestorable = traits.HasFlag(NativeTraits.Restorable);
        IGuestProgram program = traits.HasFlag(NativeTraits.Component)
            ? new FusedProgram(this, HandleOf(traits), module, memory, isRestorable)
            : new CoreProgram(this, module, memory, isRestorable);
        return new Guest(this, program, remark, traits.HasFlag(NativeTraits.Initialized));
    }

    private Guest? Own(ComponentHandle? component, string remark, NativeTraits traits) =>
        component is null ? null : new Guest(this, new ComponentProgram(this, component, remark, traits.HasFlag(NativeTraits.SeveralMemories)), remark, traits.HasFlag(NativeTraits.Initialized));

    private LinkerHandle CreateLinker(bool hasFiles)
    {
        var linker = WasmLinker.Create(Handle);
        foreach (var functions in Functions)
        {
            functions.Define(linker, hasFiles);
        }

        return linker;
    }

    private static LinearMemories? CreateMemories(GuestEngineOptions options)
    {
        var pages = options.Memories switch
        {
            GuestMemories.Pool => null,
            _ when !OperatingSystem.IsLinux() => null,
            var memories => TouchedPages.Find(memories == GuestMemories.SlotsByReading),
        };
        return pages is null
            ? null
            : new LinearMemories(
                pages, PageFaults.AreCounted && options.Memories != GuestMemories.SlotsByReading, options.KeepResident, options.KeepResidentInAll,
                Math.Max(options.MaxInstances, ProcessCapacity.IdleSlots));
    }

    private unsafe EngineHandle CreateHandle(LinearMemories? memories, int keptByPool, int memoriesOfGuest, bool checksBounds = false, bool isForComponents = false) => WasmEngine.Create(
        Options.MaxInstances, memoriesOfGuest, Options.MaxTableElements, Options.StackSize, Math.Min(Options.KeepResident, keptByPool),
        memories is null ? null : memories.Creator, checksBounds, isForComponents, Options.ReadsDebugInfo);

    private void Tick()
    {
        WasmEngine.IncrementEpoch(Handle);
        foreach (var engine in (ReadOnlySpan<Lazy<EngineHandle>>)[_checking, _components])
        {
            if (engine.IsValueCreated)
            {
                WasmEngine.IncrementEpoch(engine.Value);
            }
        }

        Starts.Observe();
    }

    private string ReadCompatibilityKey()
    {
        // Wasmtime writes all that it will compare into the head of every compiled module: so the code of an empty one is the key.
        var nativeCode = Compile("(module)"u8);
        return XxHash128.HashToUInt128(nativeCode).ToString("x32", CultureInfo.InvariantCulture);
    }

    /// <summary>A store for one run, which has begun.</summary>
    /// <param name="engine">The engine of its program.</param>
    /// <param name="run">What runs.</param>
    /// <param name="isComponent">Whether it may be made of several modules.</param>
    /// <param name="memories">Linear memories in it: the guest's, and those of what is beside it.</param>
    /// <param name="parts">How many memories share the run's limit, each with the same part of it.</param>
    internal unsafe WasmStore CreateStore(EngineHandle engine, GuestRun run, bool isComponent = false, int memories = 1, int parts = 1)
    {
        run.Engine = engine;
        return WasmStore.Create(engine, run.Handle, &HostCall.Tick, run.MemoryLimit / parts, Options.MaxTableElements, isComponent, memories);
    }

    /// <summary>Ends what it holds, threads and native memory, now or with its last guest.</summary>
    public void Dispose() => Lifetime.End();

    private void Release()
    {
        Ticker.Dispose();
        Linker.Dispose();
        if (_fileLinker.IsValueCreated)
        {
            _fileLinker.Value.Dispose();
        }

        foreach (var functions in Functions)
        {
            functions.Dispose();
        }

        foreach (var engine in (ReadOnlySpan<Lazy<EngineHandle>>)[_checking, _components])
        {
            if (engine.IsValueCreated)
            {
                engine.Value.Dispose();
            }
        }

        Handle.Dispose();
        OwnMemories?.Dispose();
    }
}

/// <summary>Bounds of an engine, and of the guests in it.</summary>
public sealed record GuestEngineOptions
{
    /// <summary>Guests that may run at the same time in this process, all modules together: the slots of the pool. 1 to 10,000.</summary>
    public int MaxInstances { get; init; } = 256;

    /// <summary>
    /// How much of <see cref="MaxInstances"/> the guests of one module may be, whatever its entry asks for, in percent. 1 to 100.
    /// </summary>
    public int ModuleShare { get; init; } = 25;

    /// <summary>The same as a number of guests: at least 1.</summary>
    public int InstancesOfModule => Math.Max(1, MaxInstances * ModuleShare / 100);

    /// <summary>Modules that may be loaded at the same time: what the process has room for, unless it is told otherwise. At least 1.</summary>
    public int MaxGuests { get; init; } = ProcessCapacity.Guests;

    /// <summary>Table elements that a guest may hold, per table.</summary>
    public int MaxTableElements { get; init; } = 20_000;

    /// <summary>
    /// How often a running guest is interrupted to look at its deadline, at its client and at output that waits to be sent. 1 ms to 1 s.
    /// </summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Stack of a guest, in bytes.</summary>
    public int StackSize { get; init; } = 512 << 10;

    /// <summary>Whether traps name files and lines, where a module has them in its debug information; compiling it takes longer then.</summary>
    public bool ReadsDebugInfo { get; init; }

    /// <summary>Where guests' memories come from.</summary>
    public GuestMemories Memories { get; init; }

    /// <summary>Whether an instance that a run has left is restored for the next, where that can be done; else each run makes its own.</summary>
    public bool RestoresInstances { get; init; } = true;

    /// <summary>
    /// Bytes of a memory that stay when its guest is gone and are cleared by hand, which is cheaper than handing pages back.
    /// </summary>
    public int KeepResident { get; init; } = 4 << 20;

    /// <summary>Bytes that all memories without a guest take together, about.</summary>
    public long KeepResidentInAll { get; init; } = 64L << 20;

    /// <exception cref="ArgumentException">A setting is out of its range; the message names it and its value.</exception>
    internal void Validate()
    {
        Require(MaxInstances is >= 1 and <= 10_000, nameof(MaxInstances), MaxInstances, "1 to 10000");
        Require(ModuleShare is >= 1 and <= 100, nameof(ModuleShare), ModuleShare, "1 to 100");
        Require(MaxGuests >= 1, nameof(MaxGuests), MaxGuests, "at least 1");
        Require(MaxTableElements is >= 1 and <= 1_000_000, nameof(MaxTableElements), MaxTableElements, "1 to 1000000");
        Require(Tick >= TimeSpan.FromMilliseconds(1) && Tick <= TimeSpan.FromSeconds(1), nameof(Tick), Tick, "1ms to 1s");
        Require(StackSize is >= 64 << 10 and <= 1 << 20, nameof(StackSize), StackSize, "64Ki to 1Mi");
        Require(KeepResidentInAll >= 0, nameof(KeepResidentInAll), KeepResidentInAll, "at least 0");
        Require(KeepResident is >= 0 and <= 64 << 20, nameof(KeepResident), KeepResident, "0 to 64Mi");
    }

    private static void Require(bool condition, string name, object value, string range)
    {
        if (!condition)
        {
            throw new ArgumentException($"{name} is {value}; it must be {range}", name);
        }
    }
}

/// <summary>Where the linear memories of guests come from.</summary>
public enum GuestMemories
{
    /// <summary>The best that works here.</summary>
    Automatic,

    /// <summary>Slots that are kept, of which touched pages are cleared; they are found by reading <c>/proc/self/pagemap</c>, every time.</summary>
    SlotsByReading,

    /// <summary>Wasmtime's pooling allocator.</summary>
    Pool,
}

/// <summary>A module cannot be compiled, loaded or linked.</summary>
public sealed class GuestLoadException(string reason, string message) : Exception(message)
{
    /// <summary>One of <see cref="Modules.Status.ModuleReason"/>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Whether it may be otherwise a while later, though the module is the same.</summary>
    public bool IsWorthRetrying { get; init; }
}
