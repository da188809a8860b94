using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Bindle.Stores;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Modules.Status;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.TestCluster;
using Wagi.TestCluster.Bindle;

namespace Wagi.Runtime.Tests.Sources;

/// <summary>Against a server that implements Bindle's published protocol.</summary>
public sealed class BindleSourceTests : IDisposable
{
    private readonly TempDirectory _temporary = new("bindle-source");
    private readonly BindleClient _client = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A module of some group, one that cannot be used, and the one that is meant.</summary>
    private static TestBindle Hello() => new TestBindle("example.com/hello")
        .AddGroups("more")
        .Add("other.wasm", "application/wasm", "other"u8.ToArray(), "route = \"/other\"", ["more"], [])
        .Add("readme.txt", "text/plain", "read me"u8.ToArray(), "", [], [])
        .AddModule("hello.wasm", "hello", "route = \"/\"")
        .AddModule("second.wasm", "second", "route = \"/second\"");

    private static ModuleEntry Entry(string bindle, string? server, string id = "default/a") => new()
    {
        Id = id,
        Route = RoutePattern.Parse("/a"),
        Module = new ModuleReference(ModuleScheme.Bindle, bindle),
        BindleServer = server,
    };

    private BindleSource Source(string? defaultServer = null)
    {
        var cache = new CacheDirectory(_temporary.FullPath);
        cache.Prepare();
        return new BindleSource(
            _client,
            defaultServer is null ? null : new Uri(defaultServer),
            new BindleParcels(new BlobCache(cache, NullLogger<BlobCache>.Instance), ProgressDisplay.None, NullLogger<BindleParcels>.Instance),
            new ReferenceCache(cache, NullLogger<ReferenceCache>.Instance));
    }

    private async Task<string> ReadAsync(ModuleEntry entry, string? defaultServer = null)
    {
        var content = await Source(defaultServer).FindAsync(entry, secrets: null, Cancellation);
        return await ReadAsync(content);
    }

    private static async Task<string> ReadAsync(ModuleContent content)
    {
        using var reader = new StreamReader(await content.OpenAsync(Cancellation));
        return await reader.ReadToEndAsync(Cancellation);
    }

    private async Task<ModuleSourceException> FailsAsync(ModuleEntry entry, string reason)
    {
        var error = await Assert.ThrowsAsync<ModuleSourceException>(() => ReadAsync(entry));
        Assert.Equal(reason, error.Reason);
        return error;
    }

    [Fact]
    public async Task FirstModuleOfTheGlobalGroup_IsServed_AndNamedWithItsHash()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        var content = await Source().FindAsync(Entry(Hello().Name, server.Url), secrets: null, Cancellation);
        var hash = TestBindle.Sha256("hello"u8.ToArray());
        Assert.Equal(("sha256:" + hash, $"bindle:{Hello().Name}@{hash}"), (content.Digest, content.Reference));
        Assert.Equal("hello", await ReadAsync(content));
    }

    [Fact]
    public async Task ServerOfTheEntry_ComesBeforeThatOfTheRuntime()
    {
        await using var empty = await BindleProtocolServer.StartAsync();
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server.Url), defaultServer: empty.Url));
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server: null), defaultServer: server.Url));
        Assert.Empty(empty.Requests);
    }

    [Fact]
    public async Task Credentials_GoToTheirServer_AndToNoOther()
    {
        await using var own = await BindleProtocolServer.StartAsync();
        await using var other = await BindleProtocolServer.StartAsync();
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        foreach (var server in new[] { own, other })
        {
            server.Instead = context =>
            {
                seen[server.Url] = context.Request.Headers.Authorization.ToString();
                context.Response.StatusCode = 404;
                return Task.CompletedTask;
            };
        }

        var bindle = new Wagi.Runtime.Commands.BindleArguments();
        var command = new System.CommandLine.Command("serve");
        foreach (var option in bindle.Options)
        {
            command.Options.Add(option);
        }

        var arguments = command.Parse(["--bindle-url", own.Url, "--bindle-http-user", "me", "--bindle-http-password", "s3cret"]);
        using var client = new BindleClient(credentials: bindle.ReadCredentials(arguments));
        Assert.True(Wagi.Bindle.References.BindleName.TryParse("example.com/hello/1.0.0", out var name, out _));
        foreach (var server in new[] { own, other })
        {
            await Assert.ThrowsAsync<Wagi.Bindle.Errors.BindleException>(() => client.Server(new Uri(server.Url)).ReadInvoiceAsync(name, Cancellation));
        }

        Assert.Equal("Basic " + Convert.ToBase64String("me:s3cret"u8), seen[own.Url]);
        Assert.Equal("", seen[other.Url]);
    }

    [Fact]
    public async Task BindleThatWasPulledOnce_IsServedWithTheServerGone_AndWithoutAskingIt()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server.Url)));
        var asked = server.Requests.Count;
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server.Url)));
        Assert.Equal(asked, server.Requests.Count);

        var url = server.Url;
        await server.StopAsync();
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, url)));

        // Another namespace has not pulled it itself.
        await FailsAsync(Entry(Hello().Name, url, "stranger/a"), ModuleReason.RegistryUnreachable);
    }

    [Fact]
    public async Task ParcelThatWasRemovedFromTheCache_OrDamaged_IsPulledAgain()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server.Url)));
        var blob = Directory.GetFiles(Path.Combine(_temporary.FullPath, "blobs", "sha256")).Single();
        await File.WriteAllTextAsync(blob, "hel", Cancellation);
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server.Url)));
        File.Delete(blob);
        Assert.Equal("hello", await ReadAsync(Entry(Hello().Name, server.Url)));
    }

    [Fact]
    public async Task WhatIsWrong_IsToldWithItsReason()
    {
        var mismatched = new TestBindle("example.com/mismatched").AddModule("m.wasm", "hello", "route = \"/\"");
        mismatched.Parcels[mismatched.Parcels.Keys.Single()] = "hullo"u8.ToArray();
        var incomplete = new TestBindle("example.com/incomplete").AddModule("m.wasm", "hello", "route = \"/\"");
        incomplete.Parcels.Clear();
        var files = new TestBindle("example.com/files").AddFile("a.txt", "a");
        await using var server = await BindleProtocolServer.StartAsync(mismatched, incomplete, files);
        server.Bindles["example.com/renamed/1.0.0"] = files;

        await FailsAsync(Entry(mismatched.Name, server.Url), ModuleReason.DigestMismatch);
        var missing = await FailsAsync(Entry(incomplete.Name, server.Url), ModuleReason.NotFound);
        Assert.Contains("parcel 'm.wasm' of bindle example.com/incomplete/1.0.0", missing.Message, StringComparison.Ordinal);
        await FailsAsync(Entry("example.com/no/1.0.0", server.Url), ModuleReason.NotFound);
        var noModule = await FailsAsync(Entry(files.Name, server.Url), ModuleReason.NotWasm);
        Assert.Equal(
            "bindle example.com/files/1.0.0 has no module: no parcel of media type application/wasm that belongs to no group", noModule.Message);
        var renamed = await FailsAsync(Entry("example.com/renamed/1.0.0", server.Url), ModuleReason.PullFailed);
        Assert.EndsWith("its invoice is that of 'example.com/files/1.0.0'", renamed.Message, StringComparison.Ordinal);

        server.Yanked[files.Name] = true;
        await FailsAsync(Entry(files.Name, server.Url), ModuleReason.Unauthorized);
    }

    [Theory]
    [InlineData("example.com/a", "http://localhost/v1", "does not end in a version: 'a'")]
    [InlineData("example.com/a/1.0.0", "localhost:8080", "'bindle_server': 'localhost:8080' is not a URL such as https://bindle.example.com/v1")]
    [InlineData("example.com/a/1.0.0", null, "add bindle_server = \"URL\", or start the runtime with --bindle-url URL")]
    public async Task EntryThatCannotBeFollowed_IsInvalid_AndNotTriedAgain(string bindle, string? server, string reason)
    {
        var error = await FailsAsync(Entry(bindle, server), ModuleReason.InvalidEntry);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.False(error.IsWorthRetrying);
    }

    public void Dispose()
    {
        _client.Dispose();
        _temporary.Dispose();
    }
}
