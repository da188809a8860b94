using System.Diagnostics;
using Wagi.TestCluster.Kubernetes;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Registry;

namespace Wagi.TestCluster.Tests;

/// <summary>The program as a person starts it, and how it ends.</summary>
public sealed class UpCommandTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "wagi-test-cluster");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("TERM")]
    [InlineData("KILL")]
    public async Task EndedProgram_LeavesNoServersBehind(string signal)
    {
        if (TestTools.WhyMissing([.. ControlPlane.Programs, RegistryServer.Program]) is { } reason) Assert.Skip(reason);
        using var up = Process.Start(new ProcessStartInfo(Program, ["up"]) { RedirectStandardOutput = true })!;
        try
        {
            var exported = await ReadExportsAsync(up.StandardOutput);
            var answer = await Command.RunAsync(
                "kubectl", ["--kubeconfig", exported["KUBECONFIG"], "get", "namespaces", "-o", "name"], cancellationToken: Cancel);
            Assert.Contains("namespace/default", answer.ToString(), StringComparison.Ordinal);
            using var http = new HttpClient();
            var registry = new Uri($"http://{exported["WAGI_REGISTRY"]}/v2/");
            Assert.Equal("{}", await http.GetStringAsync(registry, Cancel));
            var server = new Uri(File.ReadLines(exported["KUBECONFIG"]).Single(line => line.Contains("server:")).Split("server:")[1].Trim());

            await Command.RunAsync("sh", ["-c", $"kill -{signal} {up.Id}"], cancellationToken: Cancel);
            await up.WaitForExitAsync(Cancel);

            await Eventually.Becomes(_ => IsListeningAsync(registry), listening => !listening, cancellationToken: Cancel);
            await Eventually.Becomes(_ => IsListeningAsync(server), listening => !listening, cancellationToken: Cancel);
            if (signal == "TERM") Assert.False(File.Exists(exported["KUBECONFIG"]));
        }
        finally
        {
            if (!up.HasExited) up.Kill();
        }
    }

    [Fact]
    public async Task Program_WithoutACommand_SaysHowToUseIt()
    {
        var result = await Command.RunAsync(Program, [], cancellationToken: Cancel);

        Assert.Equal(64, result.ExitCode);
        Assert.Contains("wagi-test-cluster up", result.Stderr, StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> ReadExportsAsync(StreamReader output)
    {
        var exported = new Dictionary<string, string>();
        while (exported.Count < 2)
        {
            var line = await output.ReadLineAsync(Cancel) ?? throw new InvalidOperationException("the program ended early");
            if (line.StartsWith("export ", StringComparison.Ordinal) && line["export ".Length..].Split('=', 2) is [var name, var value])
                exported[name] = value;
        }

        return exported;
    }

    private static async Task<bool> IsListeningAsync(Uri address)
    {
        using var socket = new System.Net.Sockets.TcpClient();
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, Cancel);
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
