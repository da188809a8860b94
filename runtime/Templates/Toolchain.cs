using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Wagi.Runtime.Templates;

/// <summary>What compiles a language, and how to find out whether it is there.</summary>
/// <param name="Description">What it is, for people.</param>
/// <param name="Install">The command that installs it.</param>
/// <param name="IsThere">Looks at the machine.</param>
internal sealed partial record Toolchain(string Description, string Install, Func<bool> IsThere)
{
    public static Toolchain C { get; } = new(
        "clang with wasi-libc, or wasi-sdk in WASI_SDK_PATH",
        "apt-get install clang lld wasi-libc libclang-rt-14-dev-wasm32 (Debian; libclang-rt of your clang's version), or https://github.com/WebAssembly/wasi-sdk/releases and WASI_SDK_PATH",
        static () => Environment.GetEnvironmentVariable("WASI_SDK_PATH") is { Length: > 0 } sdk
            ? File.Exists(Path.Combine(sdk, "bin", "clang"))
            : IsOnPath("clang") && IsOnPath("wasm-ld") && File.Exists("/usr/lib/wasm32-wasi/libc.a"));

    public static Toolchain Rust { get; } = new(
        "rustc with the target wasm32-wasip1",
        "rustup target add wasm32-wasip1 (rustup itself: https://rustup.rs)",
        static () => new[] { "wasm32-wasip1", "wasm32-wasi" }.Any(
            target => Directory.Exists(Output("rustc", "--print", "target-libdir", "--target", target)?.Trim())));

    public static Toolchain Go { get; } = new(
        "Go 1.21 or newer",
        "https://go.dev/dl, or apt-get install golang-go (Debian 13)",
        static () => GoVersion().Match(Output("go", "version") ?? "") is { Success: true } version
            && int.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture) >= 21);

    public static Toolchain AssemblyScript { get; } = new(
        "Node.js with npm, which fetches the compiler", "apt-get install nodejs npm", static () => IsOnPath("node") && IsOnPath("npm"));

    /// <summary>The same: npm fetches what makes the component.</summary>
    public static Toolchain JavaScript => AssemblyScript;

    public static Toolchain Zig { get; } = new(
        "Zig 0.11 to 0.14", "https://ziglang.org/download, or pip install ziglang==0.14.1 and ZIG='python3 -m ziglang'", static () => IsOnPath("zig"));

    public static Toolchain None { get; } = new("none: wagi reads the text", "", static () => true);

    /// <summary>Runs the commands of a project.</summary>
    public static Toolchain Make { get; } = new("make", "apt-get install make", static () => IsOnPath("make"));

    /// <summary>Whether a program is in a folder of <c>PATH</c>.</summary>
    public static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>What a program prints; null: it is not there, or has failed.</summary>
    private static string? Output(string program, params string[] arguments)
    {
        if (!IsOnPath(program))
        {
            return null;
        }

        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
        var output = process?.StandardOutput.ReadToEnd();
        process?.WaitForExit();
        return process?.ExitCode == 0 ? output : null;
    }

    [GeneratedRegex(@"go1\.(\d+)")]
    private static partial Regex GoVersion();
}
