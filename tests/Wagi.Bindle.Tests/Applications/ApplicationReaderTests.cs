using Wagi.Bindle.Applications;
using Wagi.Bindle.Invoices;
using Wagi.TestCluster.Bindle;

namespace Wagi.Bindle.Tests.Applications;

public sealed class ApplicationReaderTests
{
    private const string Place = "bindle:example.com/app/1.0.0: ";

    private static TestBindle App() => new("example.com/app");

    private static BindleApplication Read(TestBindle bindle, string prefix = "") =>
        ApplicationReader.Read(InvoiceReader.Read(prefix + bindle.Invoice, "invoice.toml"));

    private static void AssertOneProblem(TestBindle bindle, string problem) =>
        Assert.Equal(Place + problem, Assert.Single(Read(bindle).Problems).ToString());

    private static TestBindle WithFiles(params string[] names)
    {
        var bindle = App()
            .AddGroups("files")
            .AddModule("other.wasm", "other", "route = \"/other\"")
            .AddModule("m.wasm", "m", "route = \"/m\"", "files");
        foreach (var name in names)
        {
            bindle.AddFile(name, $"content of {name} {bindle.Parcels.Count}", "files");
        }

        return bindle;
    }

    /// <summary>The "Advanced Bindle Example" of WAGI's documentation, with real hashes.</summary>
    [Fact]
    public void AdvancedExampleOfWagisDocumentation_GivesTwoRoutes_AndTheFileThatIsMarked()
    {
        var application = Read(App()
            .AddGroups("files")
            .AddModule("examples/hello.wasm", "hello", "route = \"/\"")
            .AddModule("static.wasm", "static", "route = \"/static/...\"", "files")
            .Add("image.jpeg", "image/jpeg", "jpeg"u8.ToArray(), "file = \"true\"", ["files"], [])
            .Add("another.jpeg", "image/jpeg", "other"u8.ToArray(), "", ["files"], []));
        Assert.Empty(application.Problems);
        Assert.Equal(["/", "/static/..."], application.Modules.Select(module => module.Entry.Route.ToString()));
        Assert.Equal(["examples/hello.wasm", "static.wasm"], application.Modules.Select(module => module.Module.Name));
        Assert.Empty(application.Modules[0].Files);
        Assert.Equal("image.jpeg", Assert.Single(application.Modules[1].Files).Name);
    }

    [Fact]
    public void FeaturesOfAModule_BecomeItsEntry()
    {
        var application = Read(App().AddModule(
            "m.wasm", "m",
            """
            route = "/m/..."
            entrypoint = "go"
            argv = "${SCRIPT_NAME} -v ${ARGS}"
            allowed_hosts = "https://a.example.com, http://b.example.com:8080,"
            bindle_server = "reserved"
            file = "false"
            """));
        Assert.Empty(application.Problems);
        var entry = Assert.Single(application.Modules).Entry;
        Assert.Equal(
            ("/m/...", "go", "${SCRIPT_NAME} -v ${ARGS}", "bindle:example.com/app/1.0.0"),
            (entry.Id, entry.Entrypoint, entry.Argv, entry.Module.ToString()));
        Assert.Equal(["https://a.example.com:443", "http://b.example.com:8080"], entry.AllowedHosts.Select(host => host.ToString()));
    }

    [Fact]
    public void ModuleInAGroup_OrWithoutARoute_IsNotServed()
    {
        var application = Read(App()
            .AddGroups("g")
            .AddModule("m.wasm", "m", "route = \"/m\"")
            .Add("grouped.wasm", "application/wasm", "g"u8.ToArray(), "route = \"/grouped\"", ["g"], [])
            .AddModule("library.wasm", "library", ""));
        Assert.Equal("/m", Assert.Single(application.Modules).Entry.Id);
        Assert.Equal(
            Place + "warning: parcel 'library.wasm': it has no feature.wagi.route and is not served",
            Assert.Single(application.Problems).ToString());
    }

    [Fact]
    public void OneParcelOnSeveralRoutes_IsServedOnEach()
    {
        var application = Read(App().AddModule("m.wasm", "m", "route = \"/a\"").AddModule("m.wasm", "m", "route = \"/b/...\""));
        Assert.Empty(application.Problems);
        Assert.Equal(["/a", "/b/..."], application.Modules.Select(module => module.Entry.Id));
    }

    [Fact]
    public void RouteThatTwoParcelsWant_GoesToTheFirst_AndTheOtherIsTold()
    {
        var bindle = App().AddModule("one.wasm", "1", "route = \"/x\"").AddModule("two.wasm", "2", "route = \"/x\"");
        AssertOneProblem(bindle, "error: parcel 'two.wasm': route '/x' is taken by parcel 'one.wasm'");
        Assert.Equal("one.wasm", Assert.Single(Read(bindle).Modules).Module.Name);
    }

    [Theory]
    [InlineData("route = \"m\"", "must start with '/'")]
    [InlineData("route = \"/m\"\nallowed_hosts = \"https://a.example.com,nonsense here\"", "nonsense here")]
    public void WrongFeature_IsReported_AndTheOthersAreServed(string features, string reason)
    {
        var application = Read(App().AddModule("wrong.wasm", "w", features).AddModule("m.wasm", "m", "route = \"/good\""));
        var problem = Assert.Single(application.Problems).ToString();
        Assert.StartsWith(Place + "error: parcel 'wrong.wasm': ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
        Assert.Equal("/good", Assert.Single(application.Modules).Entry.Id);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../x")]
    [InlineData("a//x")]
    [InlineData("./x")]
    [InlineData("a/")]
    [InlineData("a\\\\..\\\\x")]
    [InlineData("")]
    public void FileThatWouldLeaveTheFolder_IsRefused_WithItsModule(string name)
    {
        var application = Read(WithFiles("fine.txt", name));
        Assert.Contains(
            $"parcel 'm.wasm': file '{name.Replace("\\\\", "\\", StringComparison.Ordinal)}' would not lie in the module's folder",
            Assert.Single(application.Problems).Message, StringComparison.Ordinal);
        Assert.Equal("/other", Assert.Single(application.Modules).Entry.Id);
    }

    [Fact]
    public void FilesThatCannotLieSideBySide_AreRefused()
    {
        AssertOneProblem(WithFiles("a.txt", "a.txt"), "error: parcel 'm.wasm': two different files are called 'a.txt'");
        AssertOneProblem(WithFiles("a/b", "a"), "error: parcel 'm.wasm': 'a' is a file and the folder of another");
        Assert.Empty(Read(WithFiles("a/b", "a/c", "ab")).Problems);
    }

    [Fact]
    public void WhatLooksLikeAMistake_IsAWarning()
    {
        AssertOneProblem(
            App().AddModule("m.wasm", "m", "route = \"/\"\nentry_point = \"go\""),
            "warning: parcel 'm.wasm': feature.wagi.entry_point is not known and is ignored");
        AssertOneProblem(
            App().AddGroups("files").AddModule("m.wasm", "m", "route = \"/\"", "fils"),
            "warning: parcel 'm.wasm': it requires group 'fils', which the invoice does not have");
        var yanked = Read(App().AddModule("m.wasm", "m", "route = \"/\""), "yanked = true\n");
        Assert.Equal(Place + "warning: the bindle was yanked (its publisher wants another version to be used)", Assert.Single(yanked.Problems).ToString());
    }

    [Fact]
    public void BindleWithoutModules_SaysSo_AndUnusableParcelsAreNamed()
    {
        var bindle = App().AddFile("a.txt", "a");
        AssertOneProblem(bindle, "error: no parcel can be served: none of media type application/wasm outside all groups has a usable feature.wagi.route");
        var broken = ApplicationReader.Read(InvoiceReader.Read(bindle.Invoice + "[[parcel]]\nlabel.name = \"b\"\n", "invoice.toml"));
        Assert.Contains(broken.Problems, problem => problem.Message == "parcel 2 ('b'): 'label.sha256' is missing");
    }
}
