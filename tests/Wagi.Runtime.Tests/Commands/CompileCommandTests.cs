using System.Text;
using Wagi.Modules.Status;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Commands;

public sealed class CompileCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    private async Task<string> CompileAsync()
    {
        var native = _folder.PathOf("hello.cwasm");
        var outcome = await CommandFolder.RunAsync("compile", _folder.Write("hello.wat", Wat.Printing("hello")), "-o", native);
        Assert.Equal(0, outcome.Code);
        Assert.Matches($@"^{native}: \d+ bytes of native code from \d+ bytes, for engine [0-9a-f]{{32}}\n$", outcome.Output);
        return native;
    }

    private Task<CommandOutcome> CheckAsync(string module) => _folder.RunCachedAsync(
        "check", _folder.Write("modules.toml", $"[[module]]\nroute = \"/a\"\nmodule = \"{module}\"\n"));

    [Fact]
    public async Task NativeCode_RunsAndIsServed()
    {
        var native = await CompileAsync();
        using var output = new MemoryStream();
        var outcome = await CommandFolder.RunAsync(new StandardStreams(Stream.Null, output, Stream.Null), ["run", native]);
        Assert.Equal(new CommandOutcome(0, "", ""), outcome);
        Assert.Equal("hello", Encoding.UTF8.GetString(output.ToArray()));
        Assert.Equal(new CommandOutcome(0, "1 module, no problem\n", ""), await CheckAsync("hello.cwasm"));
    }

    [Fact]
    public async Task NativeCodeOfAnotherVersion_IsRefused_WithWhatToDo()
    {
        var native = await CompileAsync();
        var code = await File.ReadAllBytesAsync(native, TestContext.Current.CancellationToken);
        var version = code.AsSpan().IndexOf("\u000250\u0018x86_64-unknown-linux-gnu"u8);
        Assert.SkipWhen(version < 0, "Wasmtime's head of native code is looked for as version 50 writes it for x86-64");
        code[version + 1] = (byte)'4';
        await File.WriteAllBytesAsync(native, code, TestContext.Current.CancellationToken);

        var outcome = await CheckAsync("hello.cwasm");
        Assert.Equal(1, outcome.Code);
        Assert.Matches(
            @"modules\.toml:1:1: error: module '/a': the native code does not fit this engine \([0-9a-f]{32}\): .*40.*; make it again from the Wasm",
            outcome.Error);
    }

    [Fact]
    public async Task ProgramThatIsNoModule_IsRefused()
    {
        var outcome = await CheckAsync("/bin/true");
        Assert.Equal(1, outcome.Code);
        Assert.Contains("the native code does not fit this engine", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "initialized")]
    [InlineData("--preinitialize true", "(func $initialize (export \"_initialize\") (i32.store8 (i32.const 4096) (i32.const 0x49)))", "Initialized")]
    public async Task Preinitialize_IsAskedForByAnOption(string option, string initializer, string answer)
    {
        var (data, code) = Wat.Print("initialized");
        var wat = _folder.Write("hello.wat", Wat.Start(code, data + initializer));
        var native = _folder.PathOf("hello.cwasm");
        var outcome = await CommandFolder.RunAsync(["compile", wat, "-o", native, .. option.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal((0, ""), (outcome.Code, outcome.Error));
        Assert.Equal(option.Length > 0, outcome.Output.Contains(" bytes of native code, preinitialized, from ", StringComparison.Ordinal));

        using var output = new MemoryStream();
        await CommandFolder.RunAsync(new StandardStreams(Stream.Null, output, Stream.Null), ["run", native]);
        Assert.Equal(answer, Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task ModuleThatCannotBePreinitialized_IsCompiledWithout_AndSaysSo()
    {
        var wat = _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CommandFolder.RunAsync("compile", "--preinitialize", "true", wat);
        Assert.Equal(0, outcome.Code);
        Assert.Contains(
            $"{wat}: warning: not preinitialized: it does not export _initialize, wizer-initialize or wizer.initialize\n", outcome.Error, StringComparison.Ordinal);

        outcome = await CommandFolder.RunAsync("compile", wat, "--preinitialize", "random");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("--preinitialize 'random' must be true, false or with-random", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>What comes from a registry goes through <see cref="GuestEngine.Compile"/>: native code is never taken from there.</summary>
    [Fact]
    public async Task NativeCode_IsNotTaken_WhereWasmIsExpected()
    {
        var code = await File.ReadAllBytesAsync(await CompileAsync(), TestContext.Current.CancellationToken);
        var error = Assert.Throws<GuestLoadException>(() => SharedEngine.Instance.Compile(code));
        Assert.Equal(ModuleReason.NotWasm, error.Reason);
    }

    [Fact]
    public async Task Output_IsNeverTheModuleItself()
    {
        var file = _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CommandFolder.RunAsync("compile", file, "-o", file);
        Assert.Equal(2, outcome.Code);
        Assert.Contains("is the module itself; name another file", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
