using Wagi.Runtime.Development;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Development;

public sealed class DevProjectTests : IDisposable
{
    private readonly TempDirectory _folder = new("dev-project");

    [Theory]
    [InlineData("make build", "Makefile", "all:\n\ttrue\nbuild: a\n")]
    [InlineData("make", "Makefile", "all: a\nbuild := 1\n")]
    [InlineData("make", "GNUmakefile", "all:\n\ttrue\n")]
    [InlineData("cargo build --target wasm32-wasip1 --release", "Cargo.toml", "")]
    [InlineData("cargo build --target wasm32-wasip1", "Cargo.toml", "", "target/wasm32-wasip1/debug/a.wasm")]
    [InlineData("cargo build --target wasm32-wasip2 --release", "Cargo.toml", "", "target/wasm32-wasip2/release/a.wasm")]
    [InlineData("GOOS=wasip1 GOARCH=wasm go build -o 'out/a.wasm' .", "go.mod", "", "out/a.wasm")]
    [InlineData("npm run build", "package.json", "{ \"scripts\": { \"build\": \"x\" } }")]
    [InlineData("zig build", "build.zig", "")]
    [InlineData(null, "a.txt", "", "a.wat")]
    [InlineData(null, "Makefile", "build:\n\tfalse\n", "a.wat")]
    public void BuildCommand_IsFound(string? command, string file, string content, string module = "a.wasm")
    {
        _folder.Write("modules.toml", $"[[module]]\nroute = \"/\"\nmodule = \"{module}\"\n");
        _folder.Write(file, content);
        Assert.Equal(command, DevProject.Read(_folder.FullPath).Build);
    }

    [Fact]
    public void BuildCommandThatIsSaid_Wins()
    {
        _folder.Write("modules.toml", "[dev]\nbuild = \"just wasm\"\n[[module]]\nroute = \"/\"\nmodule = \"a.wasm\"\n");
        _folder.Write("Makefile", "all:\n");
        Assert.Equal("just wasm", DevProject.Read(_folder.FullPath).Build);
    }

    /// <summary>The module, what modules write to, and what package managers, compilers and editors leave behind.</summary>
    [Fact]
    public void Sources_AreTheRest()
    {
        _folder.Write(
            "modules.toml",
            "[dev]\nbuild = \"make\"\n[[module]]\nroute = \"/\"\nmodule = \"a.wat\"\nvolumes = { \"/data\" = \"data\", \"/pages\" = \"pages:ro\" }\n");
        _folder.Write(".gitignore", "# made\n/gen\n*.log\n!kept.log\nsub/**/deep\n");
        string[] sources = ["main.c", "src/a/b.rs", "pages/index.html", "kept.log", "src/gen", "sub/other", "modules.toml"];
        string[] others =
        [
            "a.wat", "data/file", "node_modules/a.js", "target/x", "zig-cache/x", "a/zig-out/x", ".git/HEAD", ".main.c.swp", "main.c~", "main.o", "b.wasm",
            "gen", "a.log", "src/b.log", "sub/x/y/deep",
        ];
        foreach (var file in sources.Concat(others).Where(file => file != "modules.toml"))
        {
            _folder.Write(file, "");
        }

        Directory.CreateSymbolicLink(_folder.PathOf("circle"), _folder.FullPath);

        var found = new SourceFiles(_folder.FullPath, DevProject.Read(_folder.FullPath)).Look().Files.Keys.Select(file => Path.GetRelativePath(_folder.FullPath, file));

        Assert.Equal(sources.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void FileOfEveryBuild_IsNoReasonForAnother_UntilItChangesOtherwise()
    {
        var outputs = new BuildOutputs();
        Assert.Equal(["made"], outputs.Sort(["made"]));
        Assert.Equal(["made", "edited"], outputs.Sort(["made", "edited"]));
        Assert.Empty(outputs.Sort(["made"]));
        Assert.Equal(["edited"], outputs.Sort(["edited"]));
        Assert.Empty(outputs.Sort(["made"]));

        outputs.Forget(["made"]);
        Assert.Equal(["made"], outputs.Sort(["made"]));
    }

    public void Dispose() => _folder.Dispose();
}
