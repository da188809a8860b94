using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Commands;

public sealed class CheckCommandTests : IDisposable
{
    private readonly CommandFolder _folder = new();

    private async Task<CommandOutcome> CheckAsync(string toml, params string[] options) =>
        await _folder.RunCachedAsync(["check", _folder.Write("modules.toml", toml), .. options]);

    [Fact]
    public async Task GoodFile_IsSaidToHaveNoProblem()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CheckAsync("""
            [[module]]
            route = "/a"
            module = "hello.wat"

            [[module]]
            route = "/b"
            module = "hello.wat"
            """);
        Assert.Equal(new CommandOutcome(0, "2 modules, no problem\n", ""), outcome);
    }

    /// <summary>In WAGI the first module of the file whose route fits answers, whatever comes after it.</summary>
    [Fact]
    public async Task RouteWhoseRequestsWagiWouldGiveToAnother_IsNamed()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CheckAsync("""
            [[module]]
            route = "/..."
            module = "hello.wat"

            [[module]]
            route = "/a/b"
            module = "hello.wat"
            """);
        Assert.Equal(0, outcome.Code);
        Assert.Contains(
            "modules.toml:5:1: warning: module '/a/b': its route '/a/b' is more specific than '/...' of '/...', so that its requests are its own; "
            + "WAGI would give them to '/...', which comes first in the file", outcome.Error, StringComparison.Ordinal);

        var turned = await CheckAsync("""
            [[module]]
            route = "/a/b"
            module = "hello.wat"

            [[module]]
            route = "/a/..."
            module = "hello.wat"

            [[module]]
            route = "/..."
            hosts = ["example.com"]
            module = "hello.wat"

            [[module]]
            route = "/c"
            module = "hello.wat"
            """);
        Assert.DoesNotContain("WAGI would", turned.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FileWithoutModules_IsSaidToHaveNone() =>
        Assert.Equal(new CommandOutcome(0, "0 modules, no problem: the file has no [[module]]\n", ""), await CheckAsync("# nothing yet\n"));

    [Fact]
    public async Task EntryThatRequiresWhatThisVersionDoesNotHave_IsRefused_AndSaysSo()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CheckAsync("""
            [[module]]
            route = "/a"
            module = { reference = "hello.wat", requires = ["time-travel", "telepathy"] }
            [[module]]
            route = "/b"
            module = { reference = "hello.wat", requires = [] }
            """);
        Assert.Contains("modules.toml:1:1: error: module '/a': the entry requires 'time-travel', 'telepathy', which this runtime (version ", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("upgrade the runtime\n2 modules, 1 error\n", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModuleThatCannotBePreinitialized_IsServedWithout_AndSaysWhy()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        _folder.Write("reactor.wat", Wat.Start("", "(func (export \"_initialize\"))"));
        Directory.CreateDirectory(_folder.PathOf("files"));
        await CommandFolder.RunAsync("compile", _folder.PathOf("reactor.wat"), "-o", _folder.PathOf("reactor.cwasm"));
        await CommandFolder.RunAsync("compile", _folder.PathOf("reactor.wat"), "-o", _folder.PathOf("initialized.cwasm"), "--preinitialize", "true");
        for (var i = 0; i < 2; i++)
        {
            // The second time from the cache.
            var outcome = await CheckAsync("""
                [[module]]
                route = "/fit"
                module = "reactor.wat"
                preinitialize = true
                [[module]]
                route = "/unfit"
                module = "hello.wat"
                preinitialize = true
                [[module]]
                route = "/files"
                module = "reactor.wat"
                preinitialize = "with-random"
                volumes = { "/" = "files" }
                [[module]]
                route = "/native"
                module = "reactor.cwasm"
                preinitialize = true
                [[module]]
                route = "/initialized"
                module = "initialized.cwasm"
                preinitialize = true
                [[module]]
                route = "/initialized-files"
                module = "initialized.cwasm"
                volumes = { "/" = "files" }
                """);

            Assert.Equal((0, "6 modules, 4 warnings\n"), (outcome.Code, outcome.Output));
            Assert.Equal(4, outcome.Error.Trim().Split('\n').Length);
            Assert.Contains("modules.toml:5:1: warning: module '/unfit': not preinitialized: it does not export _initialize", outcome.Error, StringComparison.Ordinal);
            Assert.Contains("modules.toml:9:1: warning: module '/files': not preinitialized: it has volumes", outcome.Error, StringComparison.Ordinal);
            Assert.Contains("modules.toml:14:1: warning: module '/native': not preinitialized: it is native code already", outcome.Error, StringComparison.Ordinal);
            Assert.Contains("module '/initialized-files': it was initialized when it was compiled, and may not find its volumes", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task FolderOfAVolume_IsLookedFor_FromTheFolderOfTheFile()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        Directory.CreateDirectory(_folder.PathOf("there"));
        var outcome = await CheckAsync("""
            [[module]]
            route = "/a"
            module = "hello.wat"
            volumes = { "/data" = "there", "/more" = "./there:ro" }
            [[module]]
            route = "/b"
            module = "hello.wat"
            volumes = { "/data" = "elsewhere:ro" }
            [[module]]
            route = "/c"
            module = "hello.wat"
            volumes = { "/data" = "hello.wat" }
            """);
        var (file, folder) = (_folder.PathOf("modules.toml"), _folder.PathOf("x")[..^2]);
        Assert.Equal(
            $"""
            {file}:5:1: error: module '/b': volume '/data': '{folder}/elsewhere' (relative paths start at '{folder}') does not exist; create that folder, or correct its path
            {file}:9:1: error: module '/c': volume '/data': '{folder}/hello.wat' (relative paths start at '{folder}') is a file, and a volume is a folder
            3 modules, 2 errors

            """,
            outcome.Error);
    }

    [Fact]
    public async Task EveryProblem_IsPrintedWithItsPlaceAndWhatToDo_InTheOrderOfTheFile()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        _folder.Write("import.wat", "(module (import \"other\" \"f\" (func)) (func (export \"_start\")))");
        _folder.Write("broken.wat", "(module (func");
        var outcome = await CheckAsync("""
            [[module]]
            route = "/a"
            module = "hello.wat"
            [[module]]
            route = "/entry"
            module = "hello.wat"
            entrypoint = "go"
            [[module]]
            route = "/import"
            module = "import.wat"
            [[module]]
            id = "second"
            route = "/a"
            module = "hello.wat"
            [[module]]
            route = "/broken"
            module = "broken.wat"
            [[module]]
            route = "/missing"
            module = "missing.wasm"
            [[module]]
            route = "/timeout"
            module = "hello.wat"
            timeout = "soon"
            """);
        var file = _folder.PathOf("modules.toml");
        Assert.Equal(1, outcome.Code);
        Assert.Equal("", outcome.Output);
        Assert.Collection(
            outcome.Error.TrimEnd('\n').Split('\n'),
            line => Assert.Equal(
                $"{file}:4:1: error: module '/entry': the module does not export a function 'go'; it exports _start "
                + "(name an exported function with entrypoint = \"NAME\")",
                line),
            line => Assert.Matches($@"^{file}:8:1: error: module '/import': the module imports other\.f; .* \(build the module for WASI", line),
            line => Assert.Equal(
                $"{file}:11:1: error: module 'second': route '/a' is taken by module '/a' (give one of the two another route or other hosts)", line),
            line => Assert.StartsWith($"{file}:15:1: error: module '/broken': the module is not WebAssembly", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"{file}:18:1: error: module '/missing': there is no file '{_folder.PathOf("missing.wasm")}'", line, StringComparison.Ordinal),
            line => Assert.StartsWith($"{file}:24:11: error: 'timeout': 'soon' is not a duration", line, StringComparison.Ordinal),
            line => Assert.Equal("7 modules, 6 errors", line));
    }

    [Fact]
    public async Task Offline_LeavesOutWhatIsNotAFile_ButNotItsRoute()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        const string Toml = """
            [[module]]
            route = "/a"
            module = "oci://127.0.0.1:1/a/b:v1"
            """;
        var outcome = await CheckAsync(Toml, "--offline");
        Assert.Equal(new CommandOutcome(0, "1 module, no problem\n", ""), outcome);

        outcome = await CheckAsync(Toml);
        Assert.Equal(1, outcome.Code);
        Assert.Contains("(with --offline only modules from files are loaded)", outcome.Error, StringComparison.Ordinal);

        outcome = await CheckAsync(Toml + "\n[[module]]\nid = \"late\"\nroute = \"/a\"\nmodule = \"hello.wat\"", "--offline");
        Assert.Contains("module 'late': route '/a' is taken by module '/a'", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warning_IsPrinted_AndIsNoFailure()
    {
        _folder.Write("hello.wat", Wat.Printing("hello"));
        var outcome = await CheckAsync("[[module]]\nroute = \"/a\"\nmodule = \"hello.wat\"\nrout = \"/b\"");
        Assert.Equal(0, outcome.Code);
        Assert.Equal("1 module, 1 warning\n", outcome.Output);
        Assert.StartsWith($"{_folder.PathOf("modules.toml")}:4:8: warning: ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingFile_IsWrongUse()
    {
        var outcome = await _folder.RunCachedAsync("check", _folder.PathOf("nothing.toml"));
        Assert.Equal(2, outcome.Code);
        Assert.Contains($"there is no file '{_folder.PathOf("nothing.toml")}'", outcome.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
