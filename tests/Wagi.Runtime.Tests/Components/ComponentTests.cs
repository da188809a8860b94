using System.Net;
using System.Security.Cryptography;
using System.Text;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Components;

/// <summary>Commands of WASI preview 2 behind a route, as core modules are.</summary>
public class ComponentTests
{
    private const string Head = "content-type: text/plain\n\n";

    [Fact]
    public async Task Component_Answers_WhatItPrints_EveryTimeAnew()
    {
        var (data, code) = ComponentText.Print(Head + "hello");
        await using var host = await HandlerHost.StartAsync(ComponentText.Command($"""
            (if (i32.load (i32.const 20000)) (then unreachable))
            (i32.store (i32.const 20000) (i32.const 1))
            {code} (i32.const 0)
            """, data));

        for (var i = 0; i < 100; i++)
        {
            using var response = await host.Client.GetAsync("/");
            Assert.Equal("text/plain", response.Content.Headers.ContentType!.ToString());
            Assert.Equal(5, response.Content.Headers.ContentLength);
            Assert.Equal("hello", await response.Content.ReadAsStringAsync());
        }
    }

    /// <summary>What tools make that put several components into one: each with its own memory.</summary>
    [Theory]
    [InlineData(GuestMemories.Automatic)]
    [InlineData(GuestMemories.Pool)]
    public void ComposedComponents_CallEachOther(GuestMemories memories)
    {
        using var engine = GuestEngines.Create(new GuestEngineOptions { Memories = memories, MaxInstances = 4 });
        using var guest = engine.Load(engine.Compile(Encoding.UTF8.GetBytes(ComponentText.Composed("wörld"))));
        guest.Check(null);
        for (var i = 0; i < 20; i++)
        {
            var output = new CapturedOutput(1 << 10);
            Assert.Equal(new GuestResult(GuestOutcome.Completed, 0, ""), guest.Run(new GuestRun { Stdout = output }));
            Assert.Equal("content-type: text/plain\n\nHello, wörld", Encoding.UTF8.GetString(output.Bytes));
        }
    }

    /// <summary>All of them together have what a module has: each a quarter of it.</summary>
    [Theory]
    [InlineData(512, GuestOutcome.Completed)]
    [InlineData(513, GuestOutcome.NotStarted)]
    public void ComposedComponents_ShareTheMemoryLimit(int pages, GuestOutcome outcome)
    {
        using var guest = SharedEngine.Load(ComponentText.Composed("a", pages));
        guest.Check(null);

        var result = guest.Run(new GuestRun { MemoryLimit = 128 << 20 });

        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(outcome == GuestOutcome.Completed ? "" : "memory minimum size of 513 pages exceeds memory limits", result.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(10_000_000)]
    public async Task Echo_GivesBack_EveryByte(int length)
    {
        var sent = RandomNumberGenerator.GetBytes(length);
        await using var host = await HandlerHost.StartAsync(ComponentText.Echo);

        using var response = await host.Client.PostAsync("/", new ByteArrayContent(sent));

        var received = await response.Content.ReadAsByteArrayAsync();
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task Request_IsSeen_AsByACoreModule()
    {
        const string Request =
            "GET /a/b%20c?x=1&y HTTP/1.1\r\nHost: example.com\r\nX-Name: \u00c3\u00a4\r\nX-Empty:\r\nConnection: close\r\n\r\n";
        await using var core = await HandlerHost.StartAsync(Wat.Dump, "/a/...");
        await using var component = await HandlerHost.StartAsync(ComponentText.Dump, "/a/...");

        var expected = Encoding.UTF8.GetString(HandlerHost.BodyOf(await core.SendRawAsync(Request)));
        var actual = Encoding.UTF8.GetString(HandlerHost.BodyOf(await component.SendRawAsync(Request)));

        Assert.Equal(expected.Split('\0'), actual.Split('\0'));
    }

    [Fact]
    public async Task TextThatIsNotUtf8_IsReplaced()
    {
        await using var host = await HandlerHost.StartAsync(ComponentText.Dump, "/a/...");

        var seen = await host.Client.GetStringAsync("/a/x%FFy%C3");

        Assert.Contains("\0PATH_INFO=/x\uFFFDy\uFFFD\0", seen, StringComparison.Ordinal);
        Assert.Contains("\0X_RAW_PATH_INFO=/x%FFy%C3\0", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unreachable", "unreachable")]
    [InlineData("(drop (i32.load (i32.const -4)))", "out of bounds memory access")]
    [InlineData("(call $deep)", "call stack exhausted")]
    [InlineData("(call $exit (i32.const 1))", "exit code 1")]
    [InlineData("(return (i32.const 1))", "exit code 1")]
    [InlineData("(call $write (i32.const 77) (i32.const 0) (i32.const 1))", "unknown handle")]
    [InlineData("(call $write (call $stdout) (i32.const 130000) (i32.const 5000))", "out of bounds")]
    [InlineData("(call $poll (i32.const 0) (i32.const 0) (i32.const 8))", "empty list")]
    [InlineData("(call $random (i64.const -1) (i32.const 8))", "random bytes")]
    [InlineData("(loop $again (drop (call $stdout)) (br $again))", "holds 10000 handles")]
    [InlineData("(loop $again (drop (call $subscribe (i64.const 0))) (br $again))", "holds 10000 handles")]
    public async Task Component_ThatFails_BeforeTheHeaderBlock_Gives500(string body, string reason)
    {
        await using var host = await HandlerHost.StartAsync(
            ComponentText.Command(body + " (i32.const 0)", "(func $deep (call $deep) (call $deep))"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.True(
            host.Log.Lines.Any(line => line.StartsWith("Warning tests/handler ", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal)),
            string.Join('\n', host.Log.Lines));
    }

    [Fact]
    public async Task HandlesThatAreDropped_DoNotCount()
    {
        var (data, code) = ComponentText.Print(Head + "hello");
        await using var host = await HandlerHost.StartAsync(ComponentText.Command($"""
            (loop $again
              (call $drop (call $subscribe (i64.const 0)))
              (local.set $i (i32.add (local.get $i) (i32.const 1)))
              (br_if $again (i32.lt_u (local.get $i) (i32.const 50000))))
            {code} (i32.const 0)
            """, data));

        Assert.Equal("hello", await host.Client.GetStringAsync("/"));
    }

    [Theory]
    [InlineData("(call $exit (i32.const 0))", "")]
    [InlineData("(call $exit (i32.const 1))", "ended with exit code 1 after its answer")]
    [InlineData("(return (i32.const 1))", "ended with exit code 1 after its answer")]
    public async Task ExitCode_AfterTheAnswer_IsLoggedOnly(string end, string logged)
    {
        var (data, code) = ComponentText.Print(Head + "whole");
        await using var host = await HandlerHost.StartAsync(ComponentText.Command($"{code} {end} (i32.const 0)", data));

        Assert.Equal("whole", await host.Client.GetStringAsync("/"));
        Assert.Equal(logged.Length > 0, host.Log.Lines.Any(line => line.EndsWith(logged, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("(loop $again (br $again))")]
    [InlineData("(call $sleep (i64.const 60000))")]
    [InlineData("(loop $again (call $sleep (i64.const 10)) (br $again))")]
    public async Task Component_ThatDoesNotEnd_Gives504(string body)
    {
        await using var host = await HandlerHost.StartAsync(
            ComponentText.Command(body + " (i32.const 0)"), entry: entry => entry with { Timeout = TimeSpan.FromMilliseconds(300) });

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
    }

    [Fact]
    public async Task Event_IsSent_BeforeTheComponentEnds()
    {
        var (data1, first) = ComponentText.Print("content-type: text/event-stream\n\ndata: first\n\n");
        var (data2, second) = ComponentText.Print("data: second\n\n", 6000);
        await using var host = await HandlerHost.StartAsync(
            ComponentText.Command($"{first} (call $sleep (i64.const 3000)) {second} (i32.const 0)", data1 + data2));

        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[100];
        var read = await stream.ReadAsync(buffer);

        Assert.Equal("data: first\n\n", Encoding.ASCII.GetString(buffer, 0, read));
        Assert.Equal(1, host.Handler.Running);
        using var reader = new StreamReader(stream);
        Assert.Equal("data: second\n\n", await reader.ReadToEndAsync());
    }

    [Fact]
    public async Task Poll_Tells_WhatIsReady()
    {
        // Of two clocks the near one; polled on its own, it was not ready before.
        await using var host = await HandlerHost.StartAsync(ComponentText.Command("""
            (i32.store (i32.const 16) (call $subscribe (i64.const 60000000000)))
            (i32.store (i32.const 20) (call $subscribe (i64.const 20000000)))
            (if (call $ready (i32.load (i32.const 16))) (then unreachable))
            (call $poll (i32.const 16) (i32.const 2) (i32.const 8))
            (if (i32.ne (i32.load (i32.const 12)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load (i32.load (i32.const 8))) (i32.const 1)) (then unreachable))
            (if (i32.eqz (call $ready (i32.load (i32.const 20)))) (then unreachable))
            (call $write (call $stdout) (i32.const 4096) (i32.const 13))
            (i32.const 0)
            """, "(data (i32.const 4096) \"status: 204\\0a\\0a\")"));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task Stderr_IsLogged()
    {
        var (data, code) = ComponentText.Print("look here\n", stream: "$stderr");
        await using var host = await HandlerHost.StartAsync(ComponentText.Command(code + " (i32.const 0)", data));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains(host.Log.Lines, line => line.EndsWith("stderr: look here", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Memory_DoesNotGrow_BeyondItsLimit()
    {
        var (data, code) = ComponentText.Print(Head);
        await using var host = await HandlerHost.StartAsync(
            ComponentText.Command($"""
                (loop $again (br_if $again (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
                {code}
                (i32.store (i32.const 16) (memory.size))
                (call $write (call $stdout) (i32.const 16) (i32.const 4))
                (i32.const 0)
                """, data),
            entry: entry => entry with { MemoryLimit = 8 << 20 });

        Assert.InRange(BitConverter.ToInt32(await host.Client.GetByteArrayAsync("/")), 112, 128);
    }

    [Fact]
    public async Task Sixteen_AtTheSameTime_AreNotMixedUp()
    {
        await using var host = await HandlerHost.StartAsync(ComponentText.Echo, defaults: new() { MaxConcurrency = 16, MaxQueue = 1000 });

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellation) =>
        {
            var sent = string.Concat(Enumerable.Repeat($"request {i};", 1 + (i * 37 % 1000)));
            using var response = await host.Client.PostAsync("/", new StringContent(sent), cancellation);
            Assert.Equal(sent, await response.Content.ReadAsStringAsync(cancellation));
        });
    }

    [Theory]
    [InlineData("wasi:http/outgoing-handler@0.2.0")]
    [InlineData("wasi:cli/stdout@0.3.0")]
    [InlineData("example:own/thing")]
    public void UnknownImport_IsNamed(string name)
    {
        using var guest = SharedEngine.Load($"""(component (import "{name}" (instance (export "f" (func)))))""");

        var exception = Assert.Throws<GuestLoadException>(() => guest.Check(null));

        Assert.Equal(ModuleReason.UnknownImport, exception.Reason);
        Assert.StartsWith($"the component imports {name}; this runtime offers", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Component_ThatIsNoCommand_IsToldWhatItExports()
    {
        var exception = Refused("(export \"wasi:http/types@0.2.0\" (instance $h))");

        Assert.Equal(ModuleReason.EntrypointMissing, exception.Reason);
        Assert.Equal(
            "the component exports neither wasi:http/incoming-handler@0.2 nor wasi:cli/run@0.2; it exports wasi:http/types@0.2.0", exception.Message);
    }

    [Fact]
    public void Handler_ThatCannotBecomeOneModule_IsToldWhy()
    {
        var exception = Refused("(export \"wasi:http/incoming-handler@0.2.0\" (instance $h)) (type $own (resource (rep i32))) (core func $new (canon resource.new $own))");

        Assert.Equal(ModuleReason.CompileFailed, exception.Reason);
        Assert.Equal(
            "the component answers requests by wasi:http, which needs one that becomes a single module; "
            + "this one is run by Wasmtime's interface for components, which is slower: it has resources of its own", exception.Message);
    }

    private static GuestLoadException Refused(string exports)
    {
        using var guest = SharedEngine.Load($"""
            (component
              (core module $m (func (export "f"))) (core instance $i (instantiate $m))
              (func $f (canon lift (core func $i "f"))) (instance $h (export "handle" (func $f)))
              {exports})
            """);
        return Assert.Throws<GuestLoadException>(() => guest.Check(null));
    }

    [Fact]
    public void Entrypoint_IsRefused_AndVolumesWhereThereIsNoSingleModule()
    {
        using var guest = SharedEngine.Load(ComponentText.Printing(Head));

        guest.Check(null);
        Assert.Equal(ModuleReason.EntrypointMissing, Assert.Throws<GuestLoadException>(() => guest.Check("hello")).Reason);
        guest.Check(null, hasFiles: true);
        Assert.False(guest.HasExport("_routes"));

        using var other = SharedEngine.Load(ComponentText.Printing(Head).Replace("(component\n", "(component\n(type $own (resource (rep i32)))(core func $new (canon resource.new $own))\n", StringComparison.Ordinal));
        other.Check(null);
        Assert.Equal(ModuleReason.InvalidEntry, Assert.Throws<GuestLoadException>(() => other.Check(null, hasFiles: true)).Reason);
    }

    [Fact]
    public void Sockets_AreRefused()
    {
        using var guest = SharedEngine.Load("""
            (component
              (import "wasi:sockets/network@0.2.0" (instance $network
                (export "network" (type (sub resource)))
                (type $codes (enum "unknown" "access-denied" "not-supported"))
                (export "error-code" (type (eq $codes)))))
              (alias export $network "error-code" (type $error-code))
              (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type (sub resource)))))
              (alias export $tcp "tcp-socket" (type $tcp-socket))
              (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
                (alias outer 1 $error-code (type $e)) (export "error-code" (type $code (eq $e)))
                (alias outer 1 $tcp-socket (type $t)) (export "tcp-socket" (type $socket (eq $t)))
                (export "create-tcp-socket" (func (param "address-family" u8) (result (result (own $socket) (error $code)))))))
              (core module $libc (memory (export "memory") 1))
              (core instance $libc (instantiate $libc))
              (alias core export $libc "memory" (core memory $memory))
              (core func $create (canon lower (func $create "create-tcp-socket") (memory (core memory $memory))))
              (core module $main
                (import "libc" "memory" (memory 1))
                (import "wasi" "create" (func $create (param i32 i32)))
                (func (export "run") (result i32)
                  (call $create (i32.const 0) (i32.const 0))
                  (i32.or
                    (i32.ne (i32.load8_u (i32.const 0)) (i32.const 1))
                    (i32.ne (i32.load8_u (i32.const 4)) (i32.const 1)))))
              (core instance $main (instantiate $main
                (with "libc" (instance $libc)) (with "wasi" (instance (export "create" (func $create))))))
              (func $run (result (result)) (canon lift (core func $main "run")))
              (instance $run (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $run)))
            """);
        guest.Check(null);

        Assert.Equal(new GuestResult(GuestOutcome.Completed, 0, ""), guest.Run(new GuestRun()));
    }

    /// <summary>What a component says of an import is its own word: what is called is of the type that WASI gives it.</summary>
    [Theory]
    [InlineData("wasi:cli/exit@0.2.0", "exit", "")]
    [InlineData("wasi:cli/exit@0.2.0", "exit", "(param \"status\" u64)")]
    [InlineData("wasi:random/random@0.2.0", "get-random-u64", "")]
    [InlineData("wasi:random/random@0.2.0", "get-random-u64", "(param \"x\" u64)")]
    [InlineData("wasi:io/poll@0.2.0", "poll", "(param \"in\" u64)")]
    public void ImportOfAnotherType_IsRefused_ByName(string interfaceName, string function, string parameters)
    {
        using var guest = LoadImporting(interfaceName, function, parameters);

        var exception = Assert.Throws<GuestLoadException>(() => guest.Check(null));

        Assert.Equal(ModuleReason.UnknownImport, exception.Reason);
        Assert.Contains(function, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wasi:cli/stdout@0.2.0", "get-stderr")]
    [InlineData("wasi:filesystem/types@0.2.0", "anything")]
    public void FunctionThatIsNotKnown_TrapsWhenItIsCalled(string interfaceName, string function)
    {
        using var guest = LoadImporting(interfaceName, function, "");
        guest.Check(null);

        var result = guest.Run(new GuestRun());

        Assert.Equal(GuestOutcome.Trapped, result.Outcome);
        Assert.Contains(function, result.Message, StringComparison.Ordinal);
    }

    private static Guest LoadImporting(string interfaceName, string function, string parameters)
    {
        var core = parameters.Length > 0 ? "(param i64)" : "";
        var argument = parameters.Length > 0 ? "(i64.const 1234567)" : "";

        return SharedEngine.Load($"""
            (component
              (import "{interfaceName}" (instance $i (export "{function}" (func {parameters}))))
              (core func $f (canon lower (func $i "{function}")))
              (core module $main
                (import "wasi" "f" (func $f {core}))
                (func (export "run") (result i32) (call $f {argument}) (i32.const 0)))
              (core instance $main (instantiate $main (with "wasi" (instance (export "f" (func $f))))))
              (func $run (result (result)) (canon lift (core func $main "run")))
              (instance $run (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $run)))
            """);
    }

    [Theory]
    [InlineData("u64", "i64", "(i64.const 1234567)")]
    [InlineData("(list u64)", "i32 i32", "(i32.const 0) (i32.const 100)")]
    [InlineData("string", "i32 i32", "(i32.const 0) (i32.const 100)")]
    public void MethodOfAnotherType_IsRefused_ByName(string type, string core, string argument)
    {
        using var guest = SharedEngine.Load($"""
            (component
              (import "wasi:io/streams@0.2.0" (instance $streams
                (export "output-stream" (type $out (sub resource)))
                (export "[method]output-stream.write" (func (param "self" (borrow $out)) (param "contents" {type})))))
              (alias export $streams "output-stream" (type $output-stream))
              (import "wasi:cli/stdout@0.2.3" (instance $stdout
                (alias outer 1 $output-stream (type $outer-out)) (export "output-stream" (type $out (eq $outer-out)))
                (export "get-stdout" (func (result (own $out))))))
              (core module $libc (memory (export "memory") 1))
              (core instance $libc (instantiate $libc))
              (alias core export $libc "memory" (core memory $memory))
              (core func $write (canon lower (func $streams "[method]output-stream.write") (memory (core memory $memory))))
              (core func $stdout (canon lower (func $stdout "get-stdout")))
              (core module $main
                (import "wasi" "write" (func $write (param i32 {core})))
                (import "wasi" "stdout" (func $stdout (result i32)))
                (func (export "run") (result i32) (call $write (call $stdout) {argument}) (i32.const 0)))
              (core instance $main (instantiate $main
                (with "wasi" (instance (export "write" (func $write)) (export "stdout" (func $stdout))))))
              (func $run (result (result)) (canon lift (core func $main "run")))
              (instance $run (export "run" (func $run)))
              (export "wasi:cli/run@0.2.0" (instance $run)))
            """);

        var exception = Assert.Throws<GuestLoadException>(() => guest.Check(null));

        Assert.Equal(ModuleReason.UnknownImport, exception.Reason);
        Assert.Contains("[method]output-stream.write", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NativeCode_IsLoaded_FromBytesAndFromAFile()
    {
        var engine = SharedEngine.Instance;
        var code = engine.Compile(Encoding.UTF8.GetBytes(ComponentText.Printing(Head)));
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, code);

        using var fromBytes = engine.LoadPrecompiled(code);
        using var fromFile = engine.LoadFile(path);
        File.Delete(path);

        Assert.True(GuestEngine.IsNativeCode(code));
        Assert.Equal(GuestOutcome.Completed, fromBytes.Run(new GuestRun()).Outcome);
        Assert.Equal(GuestOutcome.Completed, fromFile.Run(new GuestRun()).Outcome);
        Assert.Equal(ModuleReason.CompileFailed, Assert.Throws<GuestLoadException>(() => engine.Load(code.AsSpan(0, 100))).Reason);
    }
}
