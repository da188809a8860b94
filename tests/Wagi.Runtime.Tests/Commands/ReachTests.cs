using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using static Wagi.Runtime.Tests.Harness.OutboundGuest;

namespace Wagi.Runtime.Tests.Commands;

/// <summary>What <c>wagi serve</c> lets modules reach on its own machine, as it is told on the command line.</summary>
public sealed class ReachTests : IDisposable
{
    private readonly TempDirectory _folder = new("reach");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("0.0.0.0")]
    public async Task ModulesOfTenants_NeverReachTheAdminPort(string host)
    {
        var admin = FreePort();
        var printed = await ServeAsync($"http://{host}:{admin}", admin, "--secrets-dir", _folder.FullPath);

        Assert.Equal(Letter(7), printed[..1]);
        Assert.DoesNotContain("modules", printed, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task ModulesOfTheMachinesOwner_DoNotReachTheAdminPortEither(string address)
    {
        var admin = FreePort();
        Assert.Equal(Letter(7), (await ServeAsync($"http://127.0.0.1:{admin}", admin, "--admin", $"{address}:{admin}"))[..1]);
    }

    [Fact]
    public async Task Peers_AreNotReachedAtTheirAdminPort_EvenWhereThatNetworkIsAllowed()
    {
        await using var peer = await TargetServer.StartAsync();
        var printed = await ServeAsync(
            peer.Origin, FreePort(), "--secrets-dir", _folder.FullPath, "--outbound-allow", "127.0.0.0/8", "--peers", peer.Origin);

        Assert.Equal(Letter(7), printed[..1]);
        Assert.DoesNotContain(peer.Requests, request => request.Path == "/asked");
    }

    [Theory]
    [InlineData(new string[0], "A")]
    [InlineData(new[] { "--secrets-dir", "." }, "H")]
    [InlineData(new[] { "--secrets-dir", ".", "--outbound-allow", "127.0.0.1" }, "A")]
    [InlineData(new[] { "--outbound-deny", "127.0.0.0/8" }, "H")]
    public async Task AnotherServerOfThisMachine_IsReached_ByItsOwnerOrByException(string[] arguments, string code)
    {
        await using var target = await TargetServer.StartAsync();
        Assert.Equal(code, (await ServeAsync(target.Origin, FreePort(), arguments))[..1]);
    }

    /// <summary>What a guest prints that may reach an origin and asks it for <c>/asked</c>.</summary>
    private async Task<string> ServeAsync(string origin, int admin, params string[] arguments)
    {
        _folder.Write("guest.wat", new OutboundGuest().Request(origin + "/asked").ReadAll().ToString());
        _folder.Write("modules.toml", $"[[module]]\nroute = \"/\"\nmodule = \"guest.wat\"\nallowed_hosts = [\"{origin}\"]\n");
        var serve = new ServeArguments();
        var command = new Command("serve");
        foreach (var option in serve.Options)
        {
            command.Options.Add(option);
        }

        var port = FreePort();
        var options = serve.Read(command.Parse(
        [
            "-c", _folder.PathOf("modules.toml"), "--module-cache", _folder.PathOf("cache"), "-l", $"127.0.0.1:{port}",
            .. arguments.Contains("--admin") ? [] : (string[])["--admin", $"127.0.0.1:{admin}"], .. arguments,
        ]));
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var server = new WagiServer(options, NullLoggerFactory.Instance);
        var running = server.RunAsync(stopping.Token);
        using var client = new HttpClient();
        var answer = await Eventually.Becomes(
            async token =>
            {
                using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/"), token);
                return (response.StatusCode, Body: await response.Content.ReadAsStringAsync(token));
            },
            answer => answer.StatusCode == HttpStatusCode.OK,
            cancellationToken: Cancellation);
        await stopping.CancelAsync();
        await running;
        return answer.Body;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose() => _folder.Dispose();
}
