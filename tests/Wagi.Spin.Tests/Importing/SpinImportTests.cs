using Wagi.Modules.Configuration;
using Wagi.Spin.Importing;
using Wagi.Spin.Manifests;

namespace Wagi.Spin.Tests.Importing;

/// <summary>Manifests as Spin's documentation describes them ("Spin Application Manifest Reference", versions 1 and 2).</summary>
public sealed class SpinImportTests
{
    private const string Version2 = """
        spin_manifest_version = 2

        [application]
        name = "shop"
        version = "1.2.0"
        authors = ["me <me@example.com>"]

        [application.trigger.http]
        base = "/shop"

        [variables]
        api_host = { default = "api.example.com" }
        token = { required = true, secret = true }

        [[trigger.http]]
        route = "/cart/..."
        component = "cart"

        [[trigger.http]]
        route = "/old-cart"
        component = "cart"

        [[trigger.http]]
        id = "trigger-hello"
        route = "/"
        component = "hello"
        executor = { type = "wagi", argv = "hello ${ARGS}", entrypoint = "run" }

        [component.cart]
        source = "target/cart.wasm"
        environment = { GREETING = "hi" }
        variables = { endpoint = "https://{{ api_host }}/v1", token = "{{ token }}" }
        allowed_outbound_hosts = ["https://{{ api_host }}", "https://*.example.org"]
        files = ["assets/**/*", { source = "pages", destination = "/site/" }]
        [component.cart.build]
        command = "cargo build"

        [component.hello]
        source = "hello.wasm"
        """;

    private const string Version1 = """
        spin_manifest_version = "1"
        name = "old"
        version = "0.1.0"
        trigger = { type = "http", base = "/" }

        [[component]]
        id = "Old_One"
        source = "old.wasm"
        environment = { A = "b" }
        files = [{ source = "content", destination = "/" }]
        allowed_http_hosts = ["api.example.com", "https://www.example.com"]
        [component.trigger]
        route = "/old/..."
        executor = { type = "wagi" }
        [component.config]
        level = "high"
        """;

    [Fact]
    public void Version2_GivesAnEntryForEachRoute_WithWhatItsComponentHas()
    {
        var import = Import(Version2);
        Assert.Equal("", string.Join('\n', import.Refused));
        Assert.Equal(
            """
            [[module]]
            id = "cart"
            route = "/shop/cart/..."
            module = "target/cart.wasm"
            allowed_hosts = ["https://api.example.com:443"]
            files = [{ reference = "assets", path = "/assets" }, { reference = "pages", path = "/site" }]
            environment = { "GREETING" = "hi", "endpoint" = "https://api.example.com/v1" }

            [[module]]
            id = "cart-2"
            route = "/shop/old-cart"
            module = "target/cart.wasm"
            allowed_hosts = ["https://api.example.com:443"]
            files = [{ reference = "assets", path = "/assets" }, { reference = "pages", path = "/site" }]
            environment = { "GREETING" = "hi", "endpoint" = "https://api.example.com/v1" }

            [[module]]
            id = "hello"
            route = "/shop"
            module = "hello.wasm"
            entrypoint = "run"
            argv = "hello ${ARGS}"

            """,
            ModulesTomlWriter.Write(import.Entries));
        Assert.Equal(
            [
                "component 'cart': 'token' is not set: the variable 'token' has no default; set it in the environment of the module",
                "component 'cart': the allowed host 'https://*.example.org' is left out, because it stands for many; list the origins in allowed_hosts",
            ],
            import.Remarks);
    }

    [Fact]
    public void Version1_GivesTheSame()
    {
        var import = Import(Version1);
        Assert.Equal("", string.Join('\n', import.Refused.Concat(import.Remarks)));
        Assert.Equal(
            """
            [[module]]
            id = "Old_One"
            route = "/old/..."
            module = "old.wasm"
            allowed_hosts = ["http://api.example.com:80", "https://api.example.com:443", "https://www.example.com:443"]
            files = [{ reference = "content", path = "/" }]
            environment = { "A" = "b", "level" = "high" }

            """,
            ModulesTomlWriter.Write(import.Entries));
    }

    [Fact]
    public void WhatIsWritten_IsReadAgainWithoutAProblem() =>
        Assert.Empty(ModulesTomlReader.Read(ModulesTomlWriter.Write(Import(Version2).Entries), "modules.toml").Problems);

    [Fact]
    public void Yaml_NamesWhatIsToBePushed() => Assert.Equal(
        """
        # wagi push old.wasm ghcr.io/me/old/old-one:0.1.0
        # wagi push --files content ghcr.io/me/old/old-one-files:0.1.0
        apiVersion: wagi.dev/v1alpha1
        kind: WagiModule
        metadata:
          name: "old-one"
        spec:
          route: "/old/..."
          module: "oci://ghcr.io/me/old/old-one:0.1.0"
          allowedHosts:
            - "http://api.example.com:80"
            - "https://api.example.com:443"
            - "https://www.example.com:443"
          files:
            - {reference: "oci://ghcr.io/me/old/old-one-files:0.1.0", path: "/"}
          env:
            - {name: "A", value: "b"}
            - {name: "level", value: "high"}

        """,
        new WagiModuleWriter("ghcr.io/me/old", "0.1.0").Write(Import(Version1).Entries));

    [Theory]
    [InlineData("key_value_stores = [\"default\"]", "component 'a' needs the key-value store 'default', which modules do not have")]
    [InlineData("sqlite_databases = [\"default\"]", "component 'a' needs the SQLite database 'default', which modules do not have")]
    [InlineData("ai_models = [\"llama2-chat\"]", "component 'a' needs the AI model 'llama2-chat', which modules do not have")]
    [InlineData("[component.a.dependencies]\n\"x:y\" = \">=1\"", "component 'a' needs the component 'x:y' composed into it")]
    public void ComponentWithMoreThanHttp_IsRefusedByName(string line, string refused)
    {
        var import = Import(Manifest("/a", $"source = \"a.wasm\"\n{line}"));
        Assert.StartsWith(refused, Assert.Single(import.Refused), StringComparison.Ordinal);
        Assert.Empty(import.Entries);
    }

    [Theory]
    [InlineData("source = { url = \"https://example.com/a.wasm\", digest = \"sha256:abc\" }", "its source is https://example.com/a.wasm; download it")]
    [InlineData("source = { registry = \"r.example\", package = \"x:y\", version = \"1.0.0\" }", "its source is the package 'x:y' of a registry; pull it")]
    public void SourceThatIsNoFile_IsRefusedByName(string source, string refused) =>
        Assert.Contains(refused, Assert.Single(Import(Manifest("/a", source)).Refused), StringComparison.Ordinal);

    [Theory]
    [InlineData("/users/:id", ":id")]
    [InlineData("/users/:id/...", ":id")]
    [InlineData("/*", "*")]
    public void RouteWithVariables_IsRefusedByName(string route, string segment) =>
        Assert.Contains($"has the segment '{segment}'", Assert.Single(Import(Manifest(route, "source = \"a.wasm\"")).Refused), StringComparison.Ordinal);

    [Theory]
    [InlineData("files = [\"assets/*.png\"]", "the files 'assets/*.png' are left out")]
    [InlineData("files = [\"../up\"]", "the files '../up' are left out")]
    [InlineData("files = [\"assets/**/*\"]\nexclude_files = [\"assets/secret\"]", "there are 'exclude_files'")]
    [InlineData("files = [{ source = \"x\", destination = \"/\" }, { source = \"y\", destination = \"/\" }]", "there are others at '/'")]
    [InlineData("allowed_outbound_hosts = [\"redis://cache:6379\"]", "modules send HTTP requests only")]
    public void WhatIsLeftOut_IsNamed(string line, string remark)
    {
        var import = Import(Manifest("/a", $"source = \"a.wasm\"\n{line}"));
        Assert.Contains(remark, Assert.Single(import.Remarks), StringComparison.Ordinal);
        Assert.Single(import.Entries);
    }

    [Fact]
    public void OtherTriggers_AndComponentsInThem_AreNamed()
    {
        var import = Import("""
            spin_manifest_version = 2
            [application]
            name = "x"
            [[trigger.redis]]
            channel = "c"
            component = "queue"
            [[trigger.http]]
            route = { private = true }
            component = "inner"
            [[trigger.http]]
            route = "/inline"
            component = { source = "inline.wasm" }
            [[trigger.http]]
            route = "/static"
            static_response = { body = "x" }
            [component.queue]
            source = "q.wasm"
            [component.inner]
            source = "i.wasm"
            [component.idle]
            source = "x.wasm"
            """);
        Assert.Equal(
            [
                "component 'queue': its trigger is 'redis', and modules answer HTTP requests only",
                "trigger 'http-3' has no component; it needs a static response, which modules do not have",
            ],
            import.Refused);
        Assert.Equal(
            [
                "component 'inner' is left out: its trigger is private, and components do not call each other",
                "component 'idle' is left out: no trigger starts it",
            ],
            import.Remarks);
        Assert.Equal("inline.wasm", Assert.Single(import.Entries).Module.Value);
    }

    [Theory]
    [InlineData("spin_manifest_version = 3\n", "'spin_manifest_version' is '3'")]
    [InlineData("[application]\nname = \"x\"\n", "'spin_manifest_version' is missing")]
    [InlineData("spin_manifest_version = 2\n[application\n", "spin.toml:2:13: this is not TOML")]
    [InlineData("spin_manifest_version = 2\n", "'[application]' is missing")]
    [InlineData("spin_manifest_version = 2\n[application]\n[component.a]\nsource = 1\n", "'source' of 'a' of 'component' of the manifest is not a file")]
    [InlineData("spin_manifest_version = 2\n[application]\n[[trigger.http]]\ncomponent = \"a\"\n", "'route' of [[trigger.http]] number 1 is not a path")]
    public void TextThatIsNoManifest_IsRefused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => Import(text)).Message, StringComparison.Ordinal);

    private static SpinImport Import(string text) => SpinImport.Of(SpinManifestReader.Read(text, "spin.toml"));

    private static string Manifest(string route, string component) =>
        $"spin_manifest_version = 2\n[application]\nname = \"x\"\n[[trigger.http]]\nroute = \"{route}\"\ncomponent = \"a\"\n[component.a]\n{component}\n";
}
