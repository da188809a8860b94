using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Tests.Volumes;
using Wagi.TestCluster.Http;

namespace Wagi.Runtime.Tests.Commands;

public sealed class RunCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();
    private readonly MemoryStream _output = new();
    private readonly MemoryStream _error = new();

    private string Output => Encoding.UTF8.GetString(_output.ToArray());

    private Task<CommandOutcome> RunAsync(string wat, Stream? input = null, params string[] options) => CommandFolder.RunAsync(
        new StandardStreams(input ?? Stream.Null, _output, _error), ["run", _folder.Write("module.wat", wat), .. options]);

    [Fact]
    public async Task Stdin_ComesOutOfStdout_ByteByByte()
    {
        var bytes = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7)).ToArray();
        using var input = new MemoryStream(bytes);
        var outcome = await RunAsync(Wat.Echo, input);
        Assert.Equal(new CommandOutcome(0, "", ""), outcome);
        Assert.Equal(bytes, _output.ToArray()[^bytes.Length..]);
    }

    [Fact]
    public async Task GuestThatReadsNothing_DoesNotWaitForStdin()
    {
        var neverEnding = new Pipe();
        var outcome = await RunAsync(Wat.Printing("done"), neverEnding.Reader.AsStream(), "--timeout", "20s");
        Assert.Equal(0, outcome.Code);
        Assert.Equal("done", Output);
    }

    [Fact]
    public async Task StdinThatNeverComes_EndsAtTheTimeout()
    {
        var neverEnding = new Pipe();
        var outcome = await RunAsync(Wat.Echo, neverEnding.Reader.AsStream(), "--timeout", "50ms");
        Assert.Equal(124, outcome.Code);
        Assert.Contains("the module did not end within 50ms; --timeout gives it longer", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ArgumentsAndEnvironment_AreWhatTheCommandLineSays_AndNothingElse()
    {
        await RunAsync(Wat.Dump, null, "-e", "A=1", "--env", "B=two words", "--", "first", "--second", "x=1&y");
        Assert.EndsWith($"{_folder.PathOf("module.wat")}\0first\0--second\0x=1&y\0\nA=1\0B=two words\0", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stderr_StaysStderr()
    {
        var (data, code) = Wat.Print("oops\n", fd: 2);
        Assert.Equal(0, (await RunAsync(Wat.Start(code, data))).Code);
        Assert.Equal("oops\n", Encoding.UTF8.GetString(_error.ToArray()));
        Assert.Equal("", Output);
    }

    [Fact]
    public async Task ExitCode_IsPassedThrough()
    {
        Assert.Equal(new CommandOutcome(42, "", ""), await RunAsync(Wat.Start("(call $proc_exit (i32.const 42))")));
    }

    [Fact]
    public async Task Trap_EndsAsAnAbort_AndSaysWhere()
    {
        var outcome = await RunAsync(Wat.Start("unreachable"));
        Assert.Equal(134, outcome.Code);
        Assert.Contains("the module trapped: wasm trap: wasm `unreachable` instruction executed", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndlessLoop_EndsAtTheTimeout()
    {
        var outcome = await RunAsync(Wat.Start("(loop $again (br $again))"), null, "--timeout", "50ms");
        Assert.Equal(124, outcome.Code);
    }

    [Fact]
    public async Task MemoryLimit_Holds()
    {
        const string Grow = "(module (memory 1) (func (export \"_start\") (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))))";
        Assert.Equal(0, (await RunAsync(Grow)).Code);
        Assert.Equal(134, (await RunAsync(Grow, null, "--memory-limit", "1Mi")).Code);
    }

    [Fact]
    public async Task Entrypoint_IsCalledInsteadOfStart()
    {
        var (data, code) = Wat.Print("other");
        await RunAsync($"(module {Wat.Imports} {data} (func (export \"other\") {code}))", null, "--entrypoint", "other");
        Assert.Equal("other", Output);
    }

    [Theory]
    [InlineData(new[] { "--volume", "/data" }, 2, "--volume '/data' is not GUEST=HOST, such as /data=./data or /data=./data:ro")]
    [InlineData(new[] { "--volume", "/data=:ro" }, 2, "the folder of the host for '/data' is empty")]
    [InlineData(new[] { "--volume", "/data=/no/such/folder" }, 2, "there is no folder '/no/such/folder'")]
    [InlineData(new[] { "--volume", "/=/", "--wasi", "stdio" }, 2, "--volume needs --wasi full")]
    [InlineData(new[] { "--allowed-host", "nonsense" }, 2, "--allowed-host: ")]
    [InlineData(new[] { "--env", "nonsense" }, 2, "--env: an environment variable is written KEY=VALUE")]
    [InlineData(new[] { "--entrypoint", "go" }, 1, "module.wat: the module does not export a function 'go'; it exports _start")]
    [InlineData(new[] { "--wasi", "stdio" }, 0, "")]
    [InlineData(new[] { "--wasi", "full" }, 0, "")]
    public async Task WhatCannotBeDone_IsSaid(string[] options, int code, string message)
    {
        var outcome = await RunAsync(Wat.Printing("hello"), null, options);
        Assert.Equal(code, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volume_IsReadAndWritten()
    {
        Directory.CreateDirectory(_folder.PathOf("data"));
        using var input = new MemoryStream("text"u8.ToArray());
        var written = await RunAsync(FileGuest.Writing("a"), input, "--volume", $"/data={_folder.PathOf("data")}");
        Assert.Equal(new CommandOutcome(0, "", ""), written);
        Assert.Equal("text", File.ReadAllText(_folder.PathOf("data/a")));

        var read = await RunAsync(FileGuest.Reading("a"), null, "--volume", $"/data={_folder.PathOf("data")}:ro");
        Assert.Equal(0, read.Code);
        Assert.EndsWith("\n00text", Output, StringComparison.Ordinal);

        await RunAsync(FileGuest.Writing("b"), null, "--volume", $"/data={_folder.PathOf("data")}:ro");
        Assert.False(File.Exists(_folder.PathOf("data/b")));
    }

    [Theory]
    [InlineData("stdio")]
    [InlineData("full")]
    public async Task ExitCode_AndStdin_DoNotDependOnTheKindOfWasi(string wasi)
    {
        using var input = new MemoryStream("through"u8.ToArray());
        Assert.Equal(0, (await RunAsync(Wat.Echo, input, "--wasi", wasi)).Code);
        Assert.EndsWith("through", Output, StringComparison.Ordinal);
        Assert.Equal(7, (await RunAsync(Wat.Start("(call $proc_exit (i32.const 7))"), null, "--wasi", wasi)).Code);
        Assert.Equal(124, (await RunAsync(Wat.Start("(call $sleep (i32.const 1000000))"), null, "--wasi", wasi, "--timeout", "50ms")).Code);
    }

    [Theory]
    [InlineData("stdio")]
    [InlineData("full")]
    public async Task HttpRequest_GoesWhereItIsAllowedTo_AndNowhereElse(string wasi)
    {
        await using var target = await TargetServer.StartAsync(context => context.Response.WriteAsync("the body"));
        var guest = new OutboundGuest().Request(target.Origin + "/").ReadAll().ToString();

        Assert.Equal(0, (await RunAsync(guest, null, "--wasi", wasi, "--allowed-host", target.Origin)).Code);
        Assert.EndsWith("Athe bodyA", Output, StringComparison.Ordinal);
        Assert.Single(target.Requests);

        var refused = await RunAsync(guest, null, "--wasi", wasi);
        Assert.EndsWith(OutboundGuest.Letter(7) + OutboundGuest.Letter(1), Output, StringComparison.Ordinal);
        Assert.Contains(target.Origin, refused.Error, StringComparison.Ordinal);
        Assert.Single(target.Requests);
    }

    [Fact]
    public async Task ServerOfAnAuthorityThatIsNamed_IsBelieved_AndNoOther()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        await using var target = await TargetServer.StartAsync(context => context.Response.WriteAsync("the body"), certificate: certificate);
        var guest = new OutboundGuest().Request(target.Origin + "/").ReadAll().ToString();
        var authorities = _folder.Write("ca.pem", certificate.ExportCertificatePem());

        Assert.Equal(0, (await RunAsync(guest, null, "--allowed-host", target.Origin, "--ca-file", authorities)).Code);
        Assert.EndsWith("Athe bodyA", Output, StringComparison.Ordinal);

        var doubted = await RunAsync(guest, null, "--allowed-host", target.Origin);
        Assert.Contains("certificate", doubted.Error, StringComparison.Ordinal);
        Assert.Single(target.Requests);
    }

    [Fact]
    public async Task StdoutThatCannotBeWrittenTo_IsSaid()
    {
        var streams = new StandardStreams(Stream.Null, new BrokenStream("no space left on device"), _error);
        var outcome = await CommandFolder.RunAsync(streams, ["run", _folder.Write("module.wat", Wat.Printing("hello"))]);
        Assert.Equal(1, outcome.Code);
        Assert.Contains("stdout cannot be written to: no space left on device", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StdinThatCannotBeRead_IsSaid()
    {
        var outcome = await RunAsync(Wat.Echo, new BrokenStream("is a directory"));
        Assert.Equal(1, outcome.Code);
        Assert.Contains("stdin cannot be read: is a directory", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenModule_IsNamed_WithTheReason()
    {
        var outcome = await RunAsync("(module (func");
        Assert.Equal(1, outcome.Code);
        Assert.Contains($"{_folder.PathOf("module.wat")}: the module is not WebAssembly", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        _folder.Dispose();
    }

    /// <summary>Fails as the operating system does, whatever is done with it.</summary>
    private sealed class BrokenStream(string message) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new InvalidOperationException(message);

        public override void Write(ReadOnlySpan<byte> buffer) => throw new InvalidOperationException(message);
    }
}
