using System.Text.Json;
using Wagi.Chart.Tests.Helm;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;
using Wagi.TestCluster.Registry;

namespace Wagi.Chart.Tests.Images;

/// <summary>What <c>make images</c> makes is what the chart installs.</summary>
public class ImageTests
{
    /// <summary>Program, what .NET calls the platform, what OCI calls the architecture.</summary>
    public static readonly TheoryData<string, string, string> Images = new()
    {
        { "wagi", "linux-x64", "amd64" },
        { "wagi", "linux-arm64", "arm64" },
        { "wagi-operator", "linux-x64", "amd64" },
        { "wagi-operator", "linux-arm64", "arm64" },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public async Task Image_IsTheOneThatTheChartNames(string program, string rid, string architecture)
    {
        var image = ImageArchive.Read(program, rid);

        var name = image.Descriptor.GetProperty("annotations").GetProperty("io.containerd.image.name").GetString();
        var rendered = (await WagiChart.RenderAsync()).EnsureSuccess().Stdout;
        Assert.Contains($"image: {name}\n", rendered.Replace("\"", ""), StringComparison.Ordinal);
        Assert.Equal(architecture, image.Config.GetProperty("architecture").GetString());
        Assert.Equal(architecture, image.Descriptor.GetProperty("platform").GetProperty("architecture").GetString());
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_RunsItsProgramAsAUserByNumber(string program, string rid, string architecture)
    {
        _ = architecture;
        var config = ImageArchive.Read(program, rid).Config.GetProperty("config");

        Assert.Equal("1654", config.GetProperty("User").GetString());
        Assert.Equal([$"/app/{program}"], config.GetProperty("Entrypoint").EnumerateArray().Select(part => part.GetString()));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_IsLabelled(string program, string rid, string architecture)
    {
        _ = architecture;
        var labels = ImageArchive.Read(program, rid).Config.GetProperty("config").GetProperty("Labels");
        string Label(string key) => labels.GetProperty("org.opencontainers.image." + key).GetString() ?? "";

        Assert.Equal(program, Label("title"));
        Assert.Equal("Apache-2.0", Label("licenses"));
        Assert.NotEmpty(Label("version"));
        Assert.NotEmpty(Label("description"));
        Assert.Matches("^[0-9a-f]{40}$", Label("revision"));
        Assert.Matches("^[0-9-]{10}T[0-9:]{8}Z$", Label("created"));
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_HoldsItsSbomAndNoShell(string program, string rid, string architecture)
    {
        _ = architecture;
        var files = ImageArchive.Read(program, rid).RootFileSystem();

        Assert.Contains($"app/{program}", files.Keys);
        Assert.DoesNotContain(files.Keys, path => path is "bin/sh" or "usr/bin/sh" or "bin/bash" or "usr/bin/bash");
        using var sbom = JsonDocument.Parse(files["app/sbom.spdx.json"]);
        Assert.Equal("SPDX-2.3", sbom.RootElement.GetProperty("spdxVersion").GetString());
        var packages = sbom.RootElement.GetProperty("packages").EnumerateArray().Select(package => package.GetProperty("name").GetString()).ToList();
        Assert.Contains(program, packages);
        Assert.Contains(program == "wagi" ? "Wasmtime" : "KubernetesClient.Aot", packages);
        Assert.Contains(packages, name => name!.StartsWith("Microsoft.AspNetCore.App.Runtime", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_OffersAllPlatformsUnderOneTag_WithTheirSboms()
    {
        _ = ImageArchive.Read("wagi", "linux-x64");
        WagiChart.SkipWithout(RegistryServer.Program, "oras", "jq");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var repository = $"{registry.Address}/images";

        var push = await Command.RunAsync(
            Path.Combine(Checkout.Root, "images", "push"),
            [repository],
            new Dictionary<string, string?> { ["PUSH_HTTP"] = "1" },
            timeout: TimeSpan.FromMinutes(3),
            cancellationToken: TestContext.Current.CancellationToken);

        var pushed = push.EnsureSuccess().Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Single(line => line.Contains("/wagi:", StringComparison.Ordinal));
        var index = await OrasAsync("manifest", "fetch", "--plain-http", pushed);
        var platforms = JsonDocument.Parse(index).RootElement.GetProperty("manifests").EnumerateArray().ToList();
        Assert.Contains(platforms, image => image.GetProperty("platform").GetProperty("architecture").GetString() == "amd64");
        foreach (var image in platforms)
        {
            var referrers = await OrasAsync("discover", "--plain-http", "--format", "json", $"{repository}/wagi@{image.GetProperty("digest").GetString()}");
            Assert.Contains("application/spdx+json", referrers, StringComparison.Ordinal);
        }
    }

    private static async Task<string> OrasAsync(params string[] arguments) =>
        (await Command.RunAsync("oras", arguments, cancellationToken: TestContext.Current.CancellationToken)).EnsureSuccess().Stdout;
}
