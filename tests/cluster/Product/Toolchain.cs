using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Product;

/// <summary>What compiles the projects of <c>wagi new</c>: the compilers that <c>samples/build</c> finds. None is installed.</summary>
/// <param name="WhyMissing">Why this machine cannot compile the language; null when it can.</param>
/// <param name="Environment">Variables with which <c>make</c> in a project finds the compiler, and keeps what it makes out of the user's home.</param>
public sealed record Toolchain(string? WhyMissing, IReadOnlyDictionary<string, string?> Environment)
{
    private const string Script = """
        set -euo pipefail
        cd "$1/samples" && source ./toolchains
        install_missing=false
        if ! "toolchain_$2" >&2; then echo "missing $missing"; exit; fi
        for tool in "${clang:-}" "${rustc:-}" "${go:-}" "${zig:-}"; do
          if [[ -n $tool ]]; then echo "path $(dirname "$(command -v "$tool")")"; fi
        done
        for folder in "${asc_folder:-}" "${javascript_folder:-}"; do
          if [[ -n $folder ]]; then echo "packages $folder/node_modules"; fi
        done
        """;

    /// <summary>The compiler's folders, which are first on the <c>PATH</c> of <see cref="Environment"/>.</summary>
    public IReadOnlyList<string> Programs { get; private init; } = [];

    /// <summary>The folder <c>node_modules</c> that a project of the language needs; null: none.</summary>
    private string? Packages { get; init; }

    /// <summary>Looks for the compiler of a language of <c>wagi new</c>.</summary>
    public static async Task<Toolchain> FindAsync(string language, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string?>
        {
            // Where HOME is another, rustup's rustc would not find its toolchains.
            ["RUSTUP_HOME"] = System.Environment.GetEnvironmentVariable("RUSTUP_HOME")
                ?? Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".rustup"),
            ["GOROOT"] = null,
            ["GOTOOLCHAIN"] = "local",
            ["GOFLAGS"] = "",
            ["GOCACHE"] = Path.Combine(TestTools.CacheDirectory, "go-build"),
            ["ZIG_GLOBAL_CACHE_DIR"] = Path.Combine(TestTools.CacheDirectory, "zig-cache"),
            ["ZIG_LOCAL_CACHE_DIR"] = Path.Combine(TestTools.CacheDirectory, "zig-cache"),
        };
        if (TestTools.WhyMissing("make") is { } why) return new Toolchain(why, environment);

        // wagi reads it as it is.
        if (language == "wat") return new Toolchain(null, environment);

        var found = (await Command.RunAsync("bash", ["-c", Script, "bash", Checkout.Root, language], cancellationToken: cancellation)).EnsureSuccess();
        var said = found.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2)).ToLookup(line => line[0], line => line[1]);
        environment["PATH"] = string.Join(Path.PathSeparator, [.. said["path"], System.Environment.GetEnvironmentVariable("PATH")]);
        return new Toolchain(said["missing"].FirstOrDefault(), environment) { Programs = [.. said["path"]], Packages = said["packages"].FirstOrDefault() };
    }

    /// <summary>Gives a new project the packages that <c>make</c> would fetch from the network.</summary>
    public void Furnish(string project)
    {
        if (Packages is not null) Directory.CreateSymbolicLink(Path.Combine(project, "node_modules"), Packages);
    }
}
