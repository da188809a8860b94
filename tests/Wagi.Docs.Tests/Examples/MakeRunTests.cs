using System.Net;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Docs.Tests.Examples;

/// <summary><c>make run</c>: the samples without a cluster.</summary>
public sealed class MakeRunTests
{
    /// <summary>It builds both programs first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Samples_AreServed_AndAnEditedManifestIsFollowed()
    {
        using var folder = new TempDirectory("make-run");
        var manifest = await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "config", "samples", "hello.yaml"), TestContext.Current.CancellationToken);
        Directory.CreateDirectory(folder.PathOf("manifests"));
        folder.Write("manifests/hello.yaml", manifest);
        var listen = $"127.0.0.1:{FreePort.Pick()}";
        await using var run = ProductProcess.Start(
            "env",
            $"LISTEN={listen}", "ADMIN=127.0.0.1:0", $"MANIFESTS={folder.PathOf("manifests")}", $"STATE={folder.PathOf("state")}", "RunAnalyzers=true",
            "make", "--directory", Checkout.Root, "--no-print-directory", "run");
        using var client = new HttpClient { BaseAddress = new Uri($"http://{listen}") };

        try
        {
            await AnswersAsync(client, run, "/hello", HttpStatusCode.OK, "Hello, world (version 1)\n");
            folder.Write("manifests/hello.yaml", manifest.Replace("route: /hello", "route: /elsewhere", StringComparison.Ordinal));
            await AnswersAsync(client, run, "/elsewhere", HttpStatusCode.OK, "Hello, world (version 1)\n");
            await AnswersAsync(client, run, "/hello", HttpStatusCode.NotFound, "");
            await AnswersAsync(client, run, "/elsewhere/", HttpStatusCode.NotFound, "404 no module has this route; one has /elsewhere ");
            await run.WaitForLogAsync(log => log.Contains("\nruntime  | ", StringComparison.Ordinal) ? log : null, TestContext.Current.CancellationToken);
            Assert.Contains("\noperator | default/hello  /elsewhere  accepted  Programmed\n", run.Log, StringComparison.Ordinal);
            Assert.DoesNotContain('\u001b', run.Log);

            // Another one would write the same files.
            var second = await Command.RunAsync(
                "env", [$"STATE={folder.PathOf("state")}", "make", "--directory", Checkout.Root, "--no-print-directory", "run"],
                cancellationToken: TestContext.Current.CancellationToken);
            Assert.NotEqual(0, second.ExitCode);
            Assert.Contains($"make run runs here already, with its files in {folder.PathOf("state")}; beside it: STATE=", second.Stderr, StringComparison.Ordinal);
        }
        finally
        {
            await run.TerminateAsync(CancellationToken.None);
        }

        await Eventually.Becomes(
            async token => await Command.RunAsync("pgrep", ["-f", folder.FullPath], cancellationToken: token), found => found.ExitCode == 1, waitingFor: "both programs to end",
            cancellationToken: TestContext.Current.CancellationToken);
    }

    private static async Task AnswersAsync(HttpClient client, ProductProcess run, string path, HttpStatusCode status, string body) => await Eventually.Becomes(
        async token =>
        {
            try
            {
                using var answer = await client.GetAsync(path, token);
                return (StatusCode: answer.StatusCode, Body: await answer.Content.ReadAsStringAsync(token));
            }
            catch (HttpRequestException error)
            {
                return (StatusCode: HttpStatusCode.Unused, Body: $"{error.Message}\n{run.Log}");
            }
        },
        answer => answer.StatusCode == status && answer.Body.StartsWith(body, StringComparison.Ordinal),
        Patience,
        cancellationToken: TestContext.Current.CancellationToken);
}
