using System.Globalization;
using System.Net;
using System.Text;
using Wagi.EndToEnd.Harness;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>
/// Everything that can be wrong with a WagiModule or its module: the cause is named, and a module beside it answers every request
/// all the time.
/// </summary>
public sealed class BadInputTests(WholeSystemFixture fixture) : WholeSystemTests(fixture), IAsyncLifetime
{
    private Load? _load;
    private string _space = "";

    /// <summary>A good module under load, from before the bad one comes until it has been reported.</summary>
    public async ValueTask InitializeAsync()
    {
        _space = await System.CreateNamespaceAsync();
        await System.PushAsync(Checkout.Sample("hello-c")!, $"{_space}/steady:v1");
        await System.ApplyModuleAsync(_space, "steady", $"route: /{_space}/steady", $"module: {Module("steady:v1")}");
        await System.WaitAsync(_space, "steady", "Ready");
        _load = await Load.StartAsync(System.Runtime.Client, $"/{_space}/steady", clients: 2);
    }

    public async ValueTask DisposeAsync()
    {
        if (_load is not null)
        {
            Assert.Empty(await _load.StopAsync());
            await System.ControlPlane.KubectlAsync("delete", "wagimodules", "--all", "-n", _space);
        }

        GC.SuppressFinalize(this);
    }

    private string Module(string repositoryAndTag) => $"oci://{System.Registry.Address}/{_space}/{repositoryAndTag}";

    private string Route => $"/{_space}/bad";

    /// <summary>A sample that no other test pushes: with a custom section (WebAssembly 2.0 §5.5.3) that holds a mark.</summary>
    private static async Task<byte[]> UniqueSampleAsync(string mark) =>
    [
        .. await File.ReadAllBytesAsync(Checkout.Sample("hello-c")!, Cancellation),
        0, (byte)(mark.Length + 1), (byte)mark.Length, .. Encoding.ASCII.GetBytes(mark),
    ];

    private async Task<string> PushBytesAsync(string name, ReadOnlyMemory<byte> wasm)
    {
        using var directory = new TempDirectory("module");
        var file = directory.PathOf($"{name}.wasm");
        await File.WriteAllBytesAsync(file, wasm, Cancellation);
        return await System.PushAsync(file, $"{_space}/{name}:v1");
    }

    [Theory]
    [InlineData("route: bad", "route")]
    [InlineData("timeout: soon", "timeout")]
    [InlineData("maxConcurrency: 0", "maxConcurrency")]
    public async Task Schema_Refuses_WhatItCanSay(string line, string field)
    {
        string[] spec = line.StartsWith("route", StringComparison.Ordinal) ? [line] : [$"route: {Route}", line];
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => System.ApplyModuleAsync(_space, "bad", [.. spec, $"module: {Module("steady:v1")}"]));
        Assert.Contains($"spec.{field}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_IsHeld_ByTheServerOrByTheOperator()
    {
        string[] spec = ["route: /a/.../b", $"module: {Module("steady:v1")}"];
        if (System.ControlPlane.SupportsCel)
        {
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => System.ApplyModuleAsync(_space, "bad", spec));
            Assert.Contains("spec.route", refused.Message, StringComparison.Ordinal);
            return;
        }

        // Older servers drop the CEL rules of a CRD.
        await System.ApplyModuleAsync(_space, "bad", spec);
        var message = await System.ConditionAsync(_space, "bad", "Accepted", "False", "InvalidSpec");
        Assert.Contains("'/a/.../b'", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownHost_IsNamed()
    {
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", "module: oci://no-such-host.invalid/hello:v1");
        var message = await System.ConditionAsync(_space, "bad", "Resolved", "False", "RegistryUnreachable");
        Assert.Contains("no-such-host.invalid", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere:v1", "nowhere")]
    [InlineData("steady:v99", "v99")]
    public async Task MissingRepositoryOrTag_IsNamed(string reference, string named)
    {
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module(reference)}");
        Assert.Contains(named, await System.ConditionAsync(_space, "bad", "Resolved", "False", "NotFound"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ContentThatDoesNotFitItsDigest_IsRefused()
    {
        var mark = $"mark-{_space}";
        var pushed = await PushBytesAsync("tampered", await UniqueSampleAsync(mark));
        var damaged = 0;
        foreach (var blob in Directory.EnumerateFiles(System.Registry.StorageDirectory, "data", SearchOption.AllDirectories))
        {
            var text = await File.ReadAllTextAsync(blob, Encoding.Latin1, Cancellation);
            if (text.EndsWith(mark, StringComparison.Ordinal))
            {
                await File.WriteAllTextAsync(blob, text[..^1] + "X", Encoding.Latin1, Cancellation);
                damaged++;
            }
        }

        Assert.Equal(1, damaged);
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {pushed}");
        var message = await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.DigestMismatch);
        Assert.Contains("sha256:", message, StringComparison.Ordinal);
        await System.Runtime.AnswerAsync(Route, HttpStatusCode.NotFound, Cancellation);
    }

    [Fact]
    public async Task LayerThatIsNotWasm_IsRefused_WithItsType()
    {
        Assert.SkipWhen(TestTools.Find("oras") is null, TestTools.WhyMissing("oras") ?? "");
        using var directory = new TempDirectory("not-wasm");
        directory.Write("page.html", "<html></html>");
        (await Command.RunAsync(
            "/bin/sh",
            ["-c", $"cd {directory.FullPath} && {TestTools.Find("oras")} push --plain-http {System.Registry.Address}/{_space}/page:v1 page.html:text/html"])).EnsureSuccess();
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module("page:v1")}");
        Assert.Contains("text/html", await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.NotWasm), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownImport_IsNamed()
    {
        // (module (import "env" "magic" (func)) (func (export "_start")))
        byte[] wasm =
        [
            0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 13, 1, 3, .. "env"u8, 5, .. "magic"u8, 0, 0,
            3, 2, 1, 0, 7, 10, 1, 6, .. "_start"u8, 0, 1, 10, 4, 1, 2, 0, 0x0b,
        ];
        await PushBytesAsync("magic", wasm);
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module("magic:v1")}");
        Assert.Contains("magic", await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.UnknownImport), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModuleThatDoesNotCompile_IsReported()
    {
        // The magic is right, and a section follows that is longer than the file.
        byte[] wasm = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0x7f, 0xff];
        await PushBytesAsync("broken", wasm);
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module("broken:v1")}");
        Assert.NotEmpty(await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.CompileFailed));
    }

    [Fact]
    public async Task ModuleThatTheCompilerChokesOn_IsReported()
    {
        await PushBytesAsync("bomb", CompileBomb.Create());
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module("bomb:v1")}");

        // The compiler gives way to everything else that this machine does.
        var message = await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.CompileFailed, TimeSpan.FromMinutes(4));
        Assert.Contains("it may use 768Mi of memory and 2m of processor time", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TakenRoute_StaysWithTheOlder_AndTheLoserIsToldByWhom()
    {
        // Kubernetes counts the age of objects in whole seconds: within one, the name decides.
        var created = DateTimeOffset.Parse(
            await System.FieldAsync(_space, "steady", "{.metadata.creationTimestamp}"), CultureInfo.InvariantCulture);
        await Eventually.Becomes(() => DateTimeOffset.UtcNow, now => now >= created.AddSeconds(1.1), cancellationToken: Cancellation);

        await System.ApplyModuleAsync(_space, "bad", $"route: /{_space}/steady", $"module: {Module("steady:v1")}");
        var message = await System.ConditionAsync(_space, "bad", "Accepted", "False", "RouteConflict");
        Assert.Contains($"{_space}/steady", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingSecret_IsNamed_AndServedOnceItIsThere()
    {
        await System.ApplyModuleAsync(
            _space,
            "bad",
            $"route: {Route}",
            $"module: {Module("steady:v1")}",
            "env:",
            "- {name: PASSWORD, valueFrom: {secretKeyRef: {name: missing, key: password}}}");
        Assert.Contains("missing", await System.ConditionAsync(_space, "bad", "Resolved", "False", "SecretNotFound"), StringComparison.Ordinal);

        (await System.ControlPlane.KubectlAsync("create", "secret", "generic", "missing", "--from-literal=password=x", "-n", _space)).EnsureSuccess();
        await System.WaitAsync(_space, "bad", "Ready");
    }

    [Fact]
    public async Task NewVersionThatFails_LeavesTheOldOneServing()
    {
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module("steady:v1")}");
        await System.WaitAsync(_space, "bad", "Ready");
        byte[] broken = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0x7f, 0xff];
        await PushBytesAsync("broken", broken);
        await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {Module("broken:v1")}");
        await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.CompileFailed);
        Assert.Equal("Hello, world (version 1)\n", await System.Runtime.Client.GetStringAsync(Route, Cancellation));
    }

    [Fact]
    public async Task RegistryGoneDuringAPull_IsReported_AndServedWhenItIsBack()
    {
        var pushed = await PushBytesAsync("late", await UniqueSampleAsync($"late-{_space}"));
        await System.Registry.StopAsync();
        try
        {
            // By digest, so that the operator has nothing to resolve and the runtime is the one that pulls.
            await System.ApplyModuleAsync(_space, "bad", $"route: {Route}", $"module: {pushed}");
            await System.ConditionAsync(_space, "bad", "Ready", "False", ModuleReason.RegistryUnreachable);
        }
        finally
        {
            await System.Registry.StartAgainAsync(Cancellation);
        }

        await System.WaitAsync(_space, "bad", "Ready");
    }

    [Fact]
    public async Task TruncatedCacheFile_IsDropped_AndCompiledAgain()
    {
        foreach (var code in Directory.EnumerateFiles(System.CacheDirectory, "*.cwasm", SearchOption.AllDirectories))
        {
            // A new file under the old name: the running process keeps what it has mapped.
            var bytes = await File.ReadAllBytesAsync(code, Cancellation);
            File.Delete(code);
            await File.WriteAllBytesAsync(code, bytes[..(bytes.Length / 2)], Cancellation);
        }

        await using var second = await System.StartRuntimeAsync(System.CacheDirectory, Cancellation);
        await second.AnswerAsync($"/{_space}/steady", HttpStatusCode.OK, Cancellation);
        Assert.Contains("is damaged: removed, the module is compiled again", second.Log, StringComparison.Ordinal);
    }
}
