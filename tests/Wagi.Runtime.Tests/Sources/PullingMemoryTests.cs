using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Sources;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Oci.Signatures;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Progress;
using Wagi.Runtime.Sources;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Sources;

/// <summary>A tenant may have eight loads under way, and all tenants 64, each of a module of up to 256 MiB.</summary>
[Collection(AloneCollection.Name)]
public sealed class PullingMemoryTests : IDisposable
{
    private const int Modules = 8;
    private const int Size = 16 << 20;

    private readonly TempDirectory _temporary = new("pulling-memory");
    private readonly RegistryClient _client = new(new RegistryClientOptions());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private OciSource Source() => OciSources.Create(_temporary.PathOf("cache"), _client);

    [Fact]
    public async Task LargeModules_ThatArePulledAtTheSameTime_TakeLittleMemory()
    {
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: Cancellation);
        var references = new List<Reference>();
        for (var i = 0; i < Modules; i++)
        {
            references.Add(await PushAsync(registry, i));
        }

        var source = Source();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var contents = await Task.WhenAll(references.Select(reference => source.FindAsync(Entry(reference), new ModuleSecrets { Version = "1" }, Cancellation)));
        var streams = await Task.WhenAll(contents.Select(content => content.OpenAsync(Cancellation)));
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;

        Assert.All(streams, stream => Assert.Equal(Size, stream.Length));
        foreach (var content in contents)
        {
            content.Dispose();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{allocated >> 10} KiB allocated for {(long)Modules * Size >> 10} KiB of modules");
        Assert.InRange(allocated, 0, Size);
    }

    private async Task<Reference> PushAsync(RegistryServer registry, int number)
    {
        // The preamble and a custom section of random bytes.
        var wasm = new byte[Size];
        RandomNumberGenerator.Fill(wasm);
        byte[] head = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
        head.CopyTo(wasm, 0);
        var file = _temporary.PathOf($"{number}.wasm");
        await File.WriteAllBytesAsync(file, wasm, Cancellation);
        var target = Reference.Parse($"{registry.Address}/large:{number}");
        return (await new ModulePublisher(_client).PublishAsync(file, target, new PublishOptions { Title = "a.wasm" }, null, Cancellation)).Reference;
    }

    private static ModuleEntry Entry(Reference reference) => new()
    {
        Id = "team/a",
        Route = RoutePattern.Parse("/a"),
        Module = new ModuleReference(ModuleScheme.Oci, reference.ToString()),
    };

    public void Dispose()
    {
        _client.Dispose();
        _temporary.Dispose();
    }
}
