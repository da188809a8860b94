using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.Modules.Configuration;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Modules.Volumes;
using Wagi.Oci.Authentication;
using Wagi.Oci.Remote;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Tests.Components;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Tests.Volumes;
using Wagi.Runtime.Tests.WasiHttp;
using Wagi.Runtime.Tests.Wasip2;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Sources;

/// <summary>Spin applications from a real registry.</summary>
[Collection(AloneCollection.Name)]
public sealed class SpinSourceTests : IDisposable
{
    private static readonly byte[] Large = Encoding.UTF8.GetBytes(new string('x', 1000) + "end");

    private readonly TempDirectory _temporary = new("spin");
    private readonly RegistryClient _client = new(new RegistryClientOptions { Attempts = 1 });

    public SpinSourceTests() =>
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ModuleSecrets Secrets(params string[] dockerConfigs) => new() { Version = "1", DockerConfigs = [.. dockerConfigs] };

    private static ModuleEntry Entry(string reference, string id = "default/shop", string route = "/shop/...") => new()
    {
        Id = id,
        Route = RoutePattern.Parse(route),
        Module = new ModuleReference(ModuleScheme.Oci, reference),
    };

    private static AllowedHost Host(string text) => AllowedHost.TryParse(text, out var host, out var error) ? host : throw new FormatException(error);

    private OciSource Source() => OciSources.Create(_temporary.FullPath, _client);

    private static string Answering(string text) => Wat.Printing($"content-type: text/plain\n\n{text}");

    private static JsonObject Wagi(string? argv = null) => argv is null ? new() { ["type"] = "wagi" } : new() { ["type"] = "wagi", ["argv"] = argv };

    private static SpinArtifact Shop()
    {
        var shop = new SpinArtifact();
        shop.Locked["variables"] = new JsonObject { ["region"] = new JsonObject { ["default"] = "eu" }, ["level"] = new JsonObject { ["default"] = "low" } };
        shop.Add("front", "/", Answering("front"), Wagi());
        shop.Add("rest", "/...", Answering("rest"), new JsonObject { ["type"] = "http" });
        var api = shop.Add("api", "/api/...", Wat.Dump, Wagi("api ${ARGS}"));
        api["env"] = new JsonObject { ["A"] = "component", ["B"] = "component" };
        api["config"] = new JsonObject { ["place"] = "{{ region }}-1", ["level"] = "{{level}}" };
        api["metadata"]!["allowed_outbound_hosts"] = new JsonArray("https://api.example.com", "https://*.example.org");
        shop.Add("command", "/command", ComponentText.Printing("content-type: text/plain\n\ncommand"), Wagi());
        shop.Add("http", "/http", HandlerText.Hello);
        shop.AddFiles(shop.Add("pages", "/pages", FileGuest.Reading("site/large.txt"), Wagi()), archive: false, ("site/large.txt", Large), ("small.txt", "s"u8.ToArray()));
        return shop;
    }

    [Fact]
    public async Task Application_IsServed_EachComponentAtItsRoute()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var shop = Shop();

        // Spin makes components of modules when it pushes.
        shop.AddFiles(shop.Add("files", "/files", FilesText.Reading("a/large.txt")), archive: false, ("a/large.txt", Large));
        var reference = await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1");
        await using var host = await ServerHost.ServeAsync(
            $$"""
            [[module]]
            id = "shop"
            route = "/shop/..."
            module = "oci://{{reference}}"
            environment = { B = "entry", region = "us" }
            """,
            Wat.Printing("unused"));

        Assert.Equal("front", await host.Client.GetStringAsync("/shop", Cancellation));
        Assert.Equal("front", await host.Client.GetStringAsync("/shop/", Cancellation));
        Assert.Equal("rest", await host.Client.GetStringAsync("/shop/other", Cancellation));
        Assert.Equal("command", await host.Client.GetStringAsync("/shop/command", Cancellation));
        Assert.Equal("hello", await host.Client.GetStringAsync("/shop/http", Cancellation));
        Assert.Equal(Encoding.UTF8.GetString(Large), await host.Client.GetStringAsync("/shop/files", Cancellation));
        Assert.Equal("00" + Encoding.UTF8.GetString(Large), await host.Client.GetStringAsync("/shop/pages", Cancellation));
        var dump = (await host.Client.GetStringAsync("/shop/api/items?x=1", Cancellation)).Split('\0', '\n');
        Assert.Equal(["api", "x=1"], dump[..2]);
        foreach (var variable in new[] { "A=component", "B=entry", "place=us-1", "level=low", "SCRIPT_NAME=/shop/api", "PATH_INFO=/items" })
        {
            Assert.Contains(variable, dump);
        }

        // One module in metrics and in the status, with the routes of all of its components.
        Assert.Contains("module=\"shop\",outcome=\"completed\"} 8", await host.CountedAsync(), StringComparison.Ordinal);
        var status = JsonNode.Parse(await host.Admin.GetStringAsync("/status", Cancellation))!["modules"]![0]!;
        Assert.Equal(["/shop/...", "/shop/api/...", "/shop", "/shop/", "/shop/command", "/shop/files", "/shop/http", "/shop/pages"], status["routes"]!.AsArray().Select(route => (string)route!).Order(StringComparer.Ordinal).OrderByDescending(route => route.EndsWith("...", StringComparison.Ordinal)));
        Assert.Contains("component 'api' asks for 'https://api.example.com', which is not among the allowed hosts", (string?)status["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Components_ShareThePlacesOfTheirEntry()
    {
        var shop = new SpinArtifact();
        shop.Add("slow", "/slow", Wat.Start("(call $sleep (i32.const 20000))"), Wagi());
        shop.Add("quick", "/quick", Answering("quick"), Wagi());
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1");
        await using var host = await ServerHost.ServeAsync(
            $"[[module]]\nid = \"crowded\"\nroute = \"/...\"\nmodule = \"oci://{reference}\"\nmax_concurrency = 1\n", Wat.Printing("unused"));

        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var slow = host.Client.GetAsync("/slow", impatient.Token);
        await Eventually.Becomes(_ => PlacesAsync(), places => places == "1 0", cancellationToken: Cancellation);
        var quick = host.Client.GetStringAsync("/quick", Cancellation);
        await Eventually.Becomes(_ => PlacesAsync(), places => places == "1 1", cancellationToken: Cancellation);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        Assert.Equal("quick", await quick);

        async Task<string> PlacesAsync()
        {
            var lines = (await host.Admin.GetStringAsync("/metrics", Cancellation)).Split('\n');
            return string.Join(' ', new[] { "running", "waiting" }.Select(
                what => lines.FirstOrDefault(line => line.StartsWith($"wagi_requests_{what}{{", StringComparison.Ordinal) && line.Contains("crowded", StringComparison.Ordinal))?.Split(' ')[1]));
        }
    }

    [Fact]
    public async Task Components_ShareTheRateOfTheirEntry_AndGetWhatItPasses()
    {
        var shop = new SpinArtifact();
        shop.Add("first", "/first", Wat.Dump, Wagi());
        shop.Add("second", "/second", Answering("second"), Wagi());
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1");
        await using var host = await ServerHost.ServeAsync(
            $"[[module]]\nid = \"rated\"\nroute = \"/...\"\nmodule = \"oci://{reference}\"\nrate_limit = \"2/h\"\npass_authorization = true\n", Wat.Printing("unused"));
        host.Client.DefaultRequestHeaders.Add("Authorization", "Bearer t0ken");

        var first = await host.Client.GetStringAsync("/first", Cancellation);
        var second = await host.Client.GetStringAsync("/second", Cancellation);
        using var third = await host.Client.GetAsync("/first", Cancellation);

        Assert.Contains("\0HTTP_AUTHORIZATION=Bearer t0ken\0", first, StringComparison.Ordinal);
        Assert.Equal("second", second);
        Assert.Equal(HttpStatusCode.TooManyRequests, third.StatusCode);
    }

    [Fact]
    public async Task ComponentThatCannotBeLoaded_IsNamed()
    {
        var shop = new SpinArtifact();
        shop.Add("front", "/...", Answering("front"), Wagi());
        shop.Add("queue", "/queue", "(module (import \"spin\" \"enqueue\" (func)) (func (export \"_start\")))", Wagi());
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1");
        await using var host = await ServerHost.ServeAsync($"[[module]]\nroute = \"/...\"\nmodule = \"oci://{reference}\"\n", Wat.Printing("unused"));
        var status = JsonNode.Parse(await host.Admin.GetStringAsync("/status", Cancellation))!["modules"]![0]!;
        Assert.Equal(ModuleReason.UnknownImport, (string?)status["reason"]);
        Assert.StartsWith($"oci://{reference} (queue): the module imports ", (string?)status["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task PathThatNoComponentHas_Is404()
    {
        var shop = new SpinArtifact();
        shop.Add("front", "/hello", Answering("front"), Wagi());
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1");
        await using var host = await ServerHost.ServeAsync($"[[module]]\nroute = \"/...\"\nmodule = \"oci://{reference}\"\n", Wat.Printing("unused"));
        Assert.Equal("front", await host.Client.GetStringAsync("/hello", Cancellation));
        using var response = await host.Client.GetAsync("/other", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Files_AreUnpacked_HoweverTheyWerePushed(bool archive, bool isOld)
    {
        var shop = new SpinArtifact();
        shop.AddFiles(shop.Add("pages", "/...", Answering("x")), archive, ("a/large.txt", Large), ("a/copy.txt", Large), ("small.txt", "s"u8.ToArray()), ("empty", []));
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1", isOld: isOld);

        using var content = await Source().FindAsync(Entry(reference.ToString()), Secrets(), Cancellation);
        var volume = Assert.Single(Assert.Single(content.Parts).Content.Volumes);
        Assert.Equal(("/", true), (volume.GuestPath, volume.IsReadOnly));
        Assert.Equal(
            ["a/copy.txt 1003", "a/large.txt 1003", "empty 0", "small.txt 1"],
            Directory.GetFiles(volume.HostPath, "*", SearchOption.AllDirectories)
                .Select(path => $"{Path.GetRelativePath(volume.HostPath, path)} {new FileInfo(path).Length}").Order(StringComparer.Ordinal));
        content.Folders.Single().Dispose();
    }

    [Fact]
    public async Task Application_IsServedFromTheCache_WithTheRegistryDown()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = (await Shop().PushAsync(_client, $"{registry.Address}/me/shop:v1")).ToString();
        string[] references = [reference, reference.Split('@')[0]];
        foreach (var each in references)
        {
            using var first = await Source().FindAsync(Entry(each), Secrets(), Cancellation);
            first.Folders.Single().Dispose();
        }

        await registry.StopAsync();
        foreach (var each in references)
        {
            using var second = await Source().FindAsync(Entry(each), Secrets(), Cancellation);
            Assert.Equal(6, second.Parts.Length);
            foreach (var part in second.Parts)
            {
                await using var wasm = await part.Content.OpenAsync(Cancellation);
                Assert.True(wasm.Length > 0);
            }

            second.Folders.Single().Dispose();
        }
    }

    [Fact]
    public async Task PrivateApplication_NeedsTheTenantsOwnCredentials_EvenWhenItIsCached()
    {
        await using var registry = await RegistryServer.StartAsync(new RegistryOptions { Authentication = RegistryAuthentication.Basic }, Cancellation);
        var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{registry.User}:{registry.Password}"));
        var config = $$$"""{"auths":{"{{{registry.Address}}}":{"auth":"{{{auth}}}"} } }""";
        var reference = (await Shop().PushAsync(_client, $"{registry.Address}/me/shop:v1", DockerConfigCredentialStore.FromPullSecret(config))).ToString();
        using (var owner = await Source().FindAsync(Entry(reference, "owner/a"), Secrets(config), Cancellation))
        {
            owner.Folders.Single().Dispose();
        }

        var refused = await Assert.ThrowsAsync<ModuleSourceException>(() => Source().FindAsync(Entry(reference, "stranger/a"), Secrets(), Cancellation));
        Assert.Equal(ModuleReason.Unauthorized, refused.Reason);

        // Nor does an application of the stranger's own get at what the cache has by naming its digest.
        await using var open = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var forged = new SpinArtifact();
        forged.Locked["triggers"] = Shop().Locked["triggers"]!.DeepClone();
        forged.Locked["components"] = Shop().Locked["components"]!.DeepClone();
        var mine = (await forged.PushAsync(_client, $"{open.Address}/mine/shop:v1")).ToString();
        refused = await Assert.ThrowsAsync<ModuleSourceException>(() => Source().FindAsync(Entry(mine, "stranger/a"), Secrets(), Cancellation));
        Assert.Contains("and there is no such layer", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OutboundHosts_AreWhatBothTheComponentAndTheEntryAllow()
    {
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var entry = Entry((await Shop().PushAsync(_client, $"{registry.Address}/me/shop:v1")).ToString()) with
        {
            AllowedHosts = [Host("https://www.example.org"), Host("https://other.example")],
        };
        using var content = await Source().FindAsync(entry, Secrets(), Cancellation);
        content.Folders.Single().Dispose();
        var hosts = content.Parts.ToDictionary(part => part.Routes[0].ToString(), part => string.Join(' ', part.Entry.AllowedHosts));
        Assert.Equal("https://www.example.org:443", hosts["/shop/api/..."]);
        Assert.Equal("", hosts["/shop/..."]);
    }

    public static TheoryData<string, string, string> Unservable { get; } = new()
    {
        { "key_value_stores", ModuleReason.UnknownImport, "component 'front' needs the key-value store 'default', which modules do not have" },
        { "databases", ModuleReason.UnknownImport, "component 'front' needs the SQLite database 'default', which modules do not have" },
        { "ai_models", ModuleReason.UnknownImport, "component 'front' needs the AI model 'default', which modules do not have" },
        { "redis", ModuleReason.UnknownImport, "component 'front': its trigger is 'redis', and modules answer HTTP requests only" },
        { "dependencies", ModuleReason.UnknownImport, "component 'front' needs the component 'a:b/c' composed into it" },
        { "chaining", ModuleReason.UnknownImport, "component 'front' needs requests from component to component, which modules do not have" },
        { "must_understand", ModuleReason.UnknownImport, "the application needs 'tomorrow', which modules do not have" },
        { "executor", ModuleReason.UnknownImport, "component 'front': its executor 'wasip9' is not known" },
        { "variable", ModuleReason.UnknownImport, "component 'front': route '/users/:id' has the segment ':id'" },
        { "version", ModuleReason.NotWasm, "has no 'spin_lock_version' 0 or 1" },
        { "digest", ModuleReason.NotWasm, "names the digest 'sha256:x'" },
        { "outside", ModuleReason.PullFailed, "'../x' leads out of the folder" },
        { "twice", ModuleReason.PullFailed, "./x' is there twice" },
        { "changed", ModuleReason.DigestMismatch, "the content of a file has the digest" },
        { "no-layer", ModuleReason.PullFailed, "there is no layer with the file 'x'" },
        { "exact", ModuleReason.InvalidEntry, "write '/shop/...' instead of '/shop'" },
        { "mount", ModuleReason.InvalidEntry, "component 'front' has files of its own at '/'" },
        { "argv", ModuleReason.InvalidEntry, "leave out those of the entry" },
    };

    [Theory]
    [MemberData(nameof(Unservable))]
    public async Task WhatCannotBeServed_IsRefusedByName(string what, string reason, string message)
    {
        var shop = new SpinArtifact();
        var front = shop.Add("front", what == "variable" ? "/users/:id" : "/...", Answering("x"), what == "executor" ? new JsonObject { ["type"] = "wasip9" } : null);
        var entry = Entry("");
        switch (what)
        {
            case "key_value_stores" or "databases" or "ai_models":
                front["metadata"]![what] = new JsonArray("default");
                break;
            case "redis":
                shop.Locked["triggers"]![0]!["trigger_type"] = "redis";
                break;
            case "dependencies":
                front["dependencies"] = new JsonObject { ["a:b/c"] = new JsonObject() };
                break;
            case "chaining":
                front["host_requirements"] = new JsonObject { ["local_service_chaining"] = "required", ["other"] = "optional" };
                break;
            case "must_understand":
                shop.Locked["must_understand"] = new JsonArray("host_requirements", "tomorrow");
                break;
            case "version":
                shop.Locked["spin_lock_version"] = 2;
                break;
            case "digest":
                front["source"]!["digest"] = "sha256:x";
                break;
            case "outside":
                shop.AddFiles(front, archive: false, ("../x", Large));
                break;
            case "twice":
                shop.AddFiles(front, archive: false, ("x", Large), ("./x", "s"u8.ToArray()));
                break;
            case "changed":
                shop.AddFiles(front, archive: false, ("x", "s"u8.ToArray()));
                front["files"]![0]!["inline"] = Convert.ToBase64String("other"u8);
                break;
            case "no-layer":
                shop.AddFiles(front, archive: false, ("x", Large));
                front["files"]![0]!["digest"] = "sha256:" + new string('0', 64);
                break;
            case "exact":
                entry = Entry("", route: "/shop");
                break;
            case "mount":
                shop.AddFiles(front, archive: false, ("x", Large));
                entry = entry with { Files = [new FilesMount(new ModuleReference(ModuleScheme.File, "x"), "/")] };
                break;
            case "argv":
                entry = entry with { Argv = "x" };
                break;
        }

        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var reference = (await shop.PushAsync(_client, $"{registry.Address}/me/shop:v1")).ToString();
        var refused = await Assert.ThrowsAsync<ModuleSourceException>(
            () => Source().FindAsync(entry with { Module = new ModuleReference(ModuleScheme.Oci, reference) }, Secrets(), Cancellation));
        Assert.Equal(reason, refused.Reason);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith(reference, refused.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _client.Dispose();
        _temporary.Dispose();
    }
}
