using System.Net;
using System.Text.RegularExpressions;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd;

/// <summary>
/// On kernels that show more or less of which pages a guest wrote to, <c>wagi serve</c> takes the best way that there is, says which, and serves. What
/// is missing is missing from the kernel, as far as the program can tell.
/// </summary>
public sealed class MemoriesTests : IDisposable
{
    /// <summary>Says what it finds in its memory, "ab" and a number, and makes another number of it.</summary>
    private const string Stainer = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1d\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0aab1")
          (func (export "_start")
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (memory.fill (i32.const 0) (i32.const 50) (i32.const 65536))))
        """;

    private readonly TempDirectory _directory = new("memories");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kernel_IsAskedForWrittenPages()
    {
        var memories = await MemoriesAsync();

        Assert.SkipWhen(!memories.Contains("PAGEMAP_SCAN", StringComparison.Ordinal), $"the kernel is older than 6.7, or forbids PAGEMAP_SCAN: {memories}");
        Assert.Matches("^slots with their instances, by PAGEMAP_SCAN( after page faults)?$", memories);
    }

    [Fact]
    public async Task KernelWithoutPagemapScan_HasItsPageMapRead()
    {
        Assert.SkipWhen(RefusedIoctl.WhyMissing is not null, RefusedIoctl.WhyMissing ?? "");
        var refused = RefusedIoctl.Command(RefusedIoctl.PagemapScan);
        await RequireAsync(refused, "no command of ioctl can be refused here");
        Assert.SkipWhen(!File.Exists("/proc/self/pagemap"), "the kernel shows no page map");

        Assert.Matches("^slots with their instances, by /proc/self/pagemap( after page faults)?$", await MemoriesAsync(refused));
    }

    [Fact]
    public async Task KernelThatDoesNotShowWrittenPages_LeavesMemoriesToThePool()
    {
        string[] user = Environment.IsPrivilegedProcess ? [] : ["--map-root-user"];
        string[] hidden = ["unshare", "--mount", .. user, "sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\""];
        await RequireAsync(hidden, "/proc cannot be hidden from a process here");

        Assert.Equal("pool", await MemoriesAsync(hidden));
    }

    /// <summary>Tries what is to be put before the program.</summary>
    private static async Task RequireAsync(IReadOnlyList<string> command, string without)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        var attempt = await Command.RunAsync(command[0], [.. command.Skip(1), "/bin/true"], cancellationToken: Cancellation);
        Assert.SkipWhen(attempt.ExitCode != 0, $"{without}: {attempt.Stderr}");
    }

    /// <summary>Starts the program by a command, and has modules answer that write to their memory.</summary>
    /// <returns>Where their memory comes from, as the log and the status both say.</returns>
    private async Task<string> MemoriesAsync(params IReadOnlyList<string> command)
    {
        Assert.SkipWhen(!File.Exists(Checkout.Wagi), "the programs are not published: run 'make publish'");
        _directory.Write("stainer.wat", Stainer);
        string[] languages = [.. new[] { "rust", "zig" }.Where(language => Checkout.Sample($"echo-{language}") is not null)];
        _directory.Write("modules.toml", string.Concat(
            [Entry("/stainer", "stainer.wat"), .. languages.Select(language => Entry($"/{language}", Checkout.Sample($"echo-{language}")!))]));
        await using var runtime = await RuntimeProcess.StartAsync(
            ["serve", "-c", _directory.PathOf("modules.toml"), "--module-cache", _directory.PathOf("cache")], Cancellation, command);
        await Eventually.Becomes(
            runtime.StatusAsync,
            status => status.Modules.Length == 1 + languages.Length && status.Modules.All(module => module.State == ModuleState.Ready), cancellationToken: Cancellation);

        for (var round = 0; round < 3; round++)
        {
            Assert.Equal("ab1", await runtime.Client.GetStringAsync("/stainer", Cancellation));
            foreach (var language in languages)
            {
                var sent = new byte[100_000];
                Random.Shared.NextBytes(sent);
                using var answer = await runtime.Client.PostAsync($"/{language}", new ByteArrayContent(sent), Cancellation);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(sent, await answer.Content.ReadAsByteArrayAsync(Cancellation));
            }
        }

        var memories = (await runtime.StatusAsync(Cancellation)).Memories ?? "";
        Assert.Equal(memories, Regex.Match(runtime.Log, "Memories of modules: (.*)").Groups[1].Value.TrimEnd());
        return memories;
    }

    private static string Entry(string route, string module) => $"[[module]]\nroute = \"{route}\"\nmodule = \"{module}\"\n";

    public void Dispose() => _directory.Dispose();
}
