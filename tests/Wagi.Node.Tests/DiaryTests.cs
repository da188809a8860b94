using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.Node.Tests.Cluster;
using Wagi.TestCluster;
using Wagi.TestCluster.Pages;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Node.Tests;

/// <summary>What a new user types, from nothing to a module that a cluster serves, and how long each step takes.</summary>
public sealed partial class DiaryTests(NodeFixture fixture) : NodeTests(fixture)
{
    // Says something on stderr with each answer.
    private const string Talk = """
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "\10\00\00\00\1f\00\00\00\40\00\00\00\0c\00\00\00")
          (data (i32.const 16) "Content-Type: text/plain\0a\0aheard")
          (data (i32.const 64) "asked of me\0a")
          (func (export "_start")
            (drop (call $fd_write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 56)))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 56)))))
        """;

    // A module with an engine for its language is compiled for many seconds, and gives way to all else meanwhile.
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private UserShell? _shell;

    private UserShell Shell => _shell!;

    [Theory]
    [InlineData("c")]
    [InlineData("rust")]
    [InlineData("go")]
    [InlineData("assemblyscript")]
    [InlineData("zig")]
    [InlineData("javascript")]
    [InlineData("wat")]
    public async Task NewProject_IsDeveloped_Deployed_AndExplained(string language)
    {
        var toolchain = await Toolchain.FindAsync(language, Cancellation);
        Assert.SkipWhen(toolchain.WhyMissing is not null, toolchain.WhyMissing ?? "");
        OpenShell(toolchain);
        var name = $"diary-{language}";
        var space = await System.Modules.CreateNamespaceAsync();
        // Text answers the same to every path.
        var (said, edited, path) = language == "wat"
            ? ("Hello from WebAssembly itself\n", "Howdy from WebAssembly itself\n", "")
            : ($"Hello from {name}: /world\n", $"Howdy from {name}: /world\n", "/world");

        var begun = await StepAsync($"diary_{language}_new_s", $"wagi new {language} {name}");
        Assert.Equal("", begun.Stderr);
        Assert.StartsWith($"{name}: a handler in ", begun.Stdout, StringComparison.Ordinal);
        var proposed = Proposals().Matches(begun.Stdout).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(language == "wat" ? [$"cd {name}", "wagi dev", "make test"] : [$"cd {name}", "wagi dev", "make", "make test"], proposed);
        var project = Shell.PathOf(name);
        toolchain.Furnish(project);

        await DevelopAsync(language, project, $"/{name}{path}", said, edited);

        if (language != "wat")
        {
            await StepAsync($"diary_{language}_make_s", $"cd {name} && make");
        }

        var tested = await StepAsync($"diary_{language}_make_test_s", $"cd {name} && make test");
        Assert.EndsWith(edited.Replace("/world", "/path", StringComparison.Ordinal), tested.Stdout, StringComparison.Ordinal);

        // As the project's README has it.
        var deploy = DeployCommand().Match(await File.ReadAllTextAsync(Path.Combine(project, "README.md"), Cancellation)).Groups[1].Value;
        var deployed = await StepAsync(
            $"diary_{language}_deploy_s",
            $"cd {name} && {deploy.Replace("REGISTRY", System.Registry.Address, StringComparison.Ordinal)} --namespace {space} --insecure-registry {System.Registry.Address}");
        Assert.Contains($"\nwagimodule {space}/{name} created\n", deployed.Stderr, StringComparison.Ordinal);
        Assert.Contains("\nReady: ", deployed.Stderr, StringComparison.Ordinal);
        Assert.Equal($"http://wagi-runtime.wagi-system/{name}\n", deployed.Stdout);
        using var client = System.NewClient();
        Assert.Equal(edited, await client.GetStringAsync($"/{name}{path}", Cancellation));

        var why = await StepAsync($"diary_{language}_why_s", $"kubectl wagi why {name} --namespace {space}");
        Assert.StartsWith($"{space}/{name} is ready: /{name}/... → oci://{System.Registry.Address}/{name}:v1@sha256:", why.Stdout, StringComparison.Ordinal);
    }

    /// <summary>From step 3 to the last one, word for word, but for the ports of this machine.</summary>
    [Fact]
    public async Task QuickStart_IsTypedFromInstallToRemove()
    {
        OpenShell();
        Shell.LinkCheckout();
        var blocks = Page.Get("docs/quick-start.md").Blocks;
        Assert.All(blocks.Where(block => block.File is not null), file => Shell.Write(file.File!, file.Text));
        var typed = blocks.Where(block => block.Tests.Contains($"{nameof(DiaryTests)}.{nameof(QuickStart_IsTypedFromInstallToRemove)}")).ToList();
        await System.Node.ImportRegistryImageAsync(Cancellation);
        await System.HelmAsync("uninstall", InstalledSystem.Release);
        await System.KubectlAsync("delete", "namespace", InstalledSystem.Namespace);
        try
        {
            var result = await Shell.TypeAsync(OneSession(typed), Cancellation, TimeSpan.FromMinutes(4));

            Assert.True(result.ExitCode == 0, $"{result}\n{await System.KubectlAsync("get", "pods,events", "--all-namespaces")}");
            var steps = Steps(result.Stdout);
            Assert.Equal(typed.Count, steps.Count);
            Print("install", "deployment \"wagi-runtime\" successfully rolled out");
            Print("registry", "deployment \"registry\" successfully rolled out");
            Print("push", "oci://localhost:", "/samples/hello:v1");
            Print("serve", "wagimodule.wagi.dev/hello condition met", "\nHello, world (version 1)\n");
            Print("describe", "Reason:                Ready");
            Print("uninstall", "release \"wagi\" uninstalled");
            Print("remove", "customresourcedefinition.apiextensions.k8s.io \"wagimodules.wagi.dev\" deleted", "namespace \"wagi-system\" deleted");
            Assert.Empty(steps);

            void Print(string step, params string[] said)
            {
                var (output, seconds) = steps.Dequeue();
                Figures.Print($"diary_quick_start_{step}_s", seconds, "s");
                Assert.All(said, text => Assert.Contains(text, output, StringComparison.Ordinal));
            }
        }
        finally
        {
            await System.KubectlAsync("delete", "deployment,service", "registry", "--namespace", "default", "--ignore-not-found");
            await System.KubectlAsync("delete", "crd", "wagimodules.wagi.dev", "wagiclasses.wagi.dev", "--ignore-not-found");
            await System.InstallAsync();
        }
    }

    [Fact]
    public async Task Tail_ShowsWhatEachPodSaysOfAModule_AndGoesOnWithASuccessor()
    {
        OpenShell();
        Shell.Write("talk.wat", Talk);
        var space = await System.Modules.CreateNamespaceAsync();
        (await Shell.TypeAsync(
            $"wagi deploy talk.wat {System.Registry.Address}/{space}/talk:v1 --route /{space} --namespace {space} --insecure-registry {System.Registry.Address}",
            Cancellation)).EnsureSuccess();
        var before = await System.PodsAsync(InstalledSystem.Runtime);
        await using var tail = ProductProcess.Start("kubectl", ["wagi", "tail", "talk", "--namespace", space], Shell.Environment);

        foreach (var pod in before) await AskedAsync(pod);

        await System.KubectlAsync("delete", "pod", before[0], "--namespace", InstalledSystem.Namespace);
        await System.RolledOutAsync();
        var successor = Assert.Single((await System.PodsAsync(InstalledSystem.Runtime)).Except(before));
        await AskedAsync(successor);
        await SaysAsync(successor, "is ready at ");
        // As of every program that Ctrl-C ends.
        Assert.Equal(130, await tail.InterruptAsync(Cancellation));
        Assert.All(tail.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Contains($"{space}/talk", line, StringComparison.Ordinal));

        Task SaysAsync(string pod, string text) => Eventually.Becomes(
            () => tail.Log,
            log => log.Split('\n').Any(line => line.StartsWith($"{pod} ", StringComparison.Ordinal) && line.Contains(text, StringComparison.Ordinal)),
            cancellationToken: Cancellation);

        // Again and again: the tail has to have found the pod.
        async Task AskedAsync(string pod)
        {
            var address = await System.KubectlAsync("get", "pod", pod, "--namespace", InstalledSystem.Namespace, "--output", "jsonpath={.status.podIP}");
            using var client = new HttpClient { BaseAddress = new Uri($"http://{address}:3000") };
            await Eventually.Becomes(
                async token =>
                {
                    Assert.Equal("heard", await client.GetStringAsync($"/{space}", token));
                    return tail.Log;
                },
                log => log.Split('\n').Any(line => line.StartsWith($"{pod} ", StringComparison.Ordinal) && line.Contains("asked of me", StringComparison.Ordinal)),
                cancellationToken: Cancellation);
        }
    }

    public override ValueTask DisposeAsync()
    {
        _shell?.Dispose();
        return base.DisposeAsync();
    }

    /// <summary><c>wagi</c> on the <c>PATH</c>, and under the name by which kubectl finds it.</summary>
    private void OpenShell(Toolchain? toolchain = null)
    {
        var programs = Path.GetDirectoryName(Checkout.Wagi)!;
        _shell = new UserShell(System.ControlPlane.KubeconfigPath, [programs, .. toolchain?.Programs ?? []]);
        Directory.CreateDirectory(Shell.PathOf("bin"));
        File.CreateSymbolicLink(Shell.PathOf("bin/kubectl-wagi"), Checkout.Wagi);
        foreach (var (variable, value) in toolchain?.Environment ?? new Dictionary<string, string?>())
        {
            Shell.Environment.TryAdd(variable, value);
        }

        Shell.Environment["PATH"] = $"{Shell.PathOf("bin")}:{Shell.Environment["PATH"]}";
    }

    /// <summary><c>wagi dev</c>: the first answer, an edit, the answer after it, and Ctrl-C.</summary>
    private async Task DevelopAsync(string language, string project, string path, string said, string edited)
    {
        var started = Stopwatch.GetTimestamp();
        await using var dev = DevProcess.Start(Checkout.Wagi, project, Shell.PathOf("cache"), Shell.Environment, Cancellation);
        await dev.AnswersAsync(path, said, s_patience);
        Figures.Print($"diary_{language}_dev_first_answer_s", Stopwatch.GetElapsedTime(started).TotalSeconds, "s");

        var source = Directory.EnumerateFiles(project, "main.*").Single(file => !file.EndsWith(".wasm", StringComparison.Ordinal));
        await File.WriteAllTextAsync(source, (await File.ReadAllTextAsync(source, Cancellation)).Replace("Hello from", "Howdy from", StringComparison.Ordinal), Cancellation);
        var saved = Stopwatch.GetTimestamp();
        await dev.AnswersAsync(path, edited, s_patience);
        Figures.Print($"diary_{language}_rebuild_s", Stopwatch.GetElapsedTime(saved).TotalSeconds, "s");
        await dev.PrintsAsync(language == "wat" ? "( is loaded$[^$]*){2}" : $@"^\S+ {Regex.Escape(Path.GetFileName(source))} changed: make build$");

        Assert.Equal(0, await dev.InterruptAsync());
    }

    /// <summary>Types a command that must succeed, and prints how long it took.</summary>
    private async Task<CommandResult> StepAsync(string figure, string command)
    {
        var started = Stopwatch.GetTimestamp();
        var result = (await Shell.TypeAsync(command, Cancellation)).EnsureSuccess();
        Figures.Print(figure, Stopwatch.GetElapsedTime(started).TotalSeconds, "s");
        return result;
    }

    /// <summary>All blocks in one session, on free ports, with the time before each and at the end. Whoever forwards a port waits until it is there.</summary>
    private static string OneSession(IEnumerable<CodeBlock> blocks)
    {
        var commands = string.Concat(blocks.Select(block => $"printf '\\n== %s\\n' $EPOCHREALTIME\n{block.Text}"));
        foreach (var port in Forwarding().Matches(commands).Select(match => match.Groups[1].Value))
        {
            var free = FreePort.Pick();
            commands = commands
                .Replace($" {port}:", $" {free}:", StringComparison.Ordinal)
                .Replace($"localhost:{port}/", $"localhost:{free}/", StringComparison.Ordinal)
                .Replace($"127.0.0.1:{port}/", $"127.0.0.1:{free}/", StringComparison.Ordinal);
        }

        var patient = Forwarding().Replace(commands, "$0\nuntil (: </dev/tcp/127.0.0.1/$1) 2>/dev/null; do sleep 0.1; done");
        return $"trap 'kill $(jobs -p)' EXIT\n{patient}printf '\\n== %s\\n' $EPOCHREALTIME\n";
    }

    /// <summary>What each block of <see cref="OneSession"/> printed, and how long it took.</summary>
    private static Queue<(string Output, double Seconds)> Steps(string printed)
    {
        var parts = printed.Split("\n== ").Skip(1).Select(part => part.Split('\n', 2)).ToList();
        return new(parts.Zip(parts.Skip(1), (part, next) => (part[1], Time(next) - Time(part))));

        static double Time(string[] part) => double.Parse(part[0], CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("`(wagi deploy [^`]+)`")]
    private static partial Regex DeployCommand();

    [GeneratedRegex(@"port-forward \S+ (\d+):\d+ &$", RegexOptions.Multiline)]
    private static partial Regex Forwarding();

    /// <summary>What <c>wagi new</c> proposes: a command in each line, and what it is for behind some blanks.</summary>
    [GeneratedRegex(@"^  (\S+(?: \S+)*)", RegexOptions.Multiline)]
    private static partial Regex Proposals();
}
