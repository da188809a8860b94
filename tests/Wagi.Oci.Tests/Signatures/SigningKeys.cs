using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Oci.Tests.Signatures;

/// <summary>cosign of both versions with two keys, which take a while to be made.</summary>
public sealed class SigningKeys : IAsyncLifetime
{
    private readonly TempDirectory _directory = new("cosign");
    private CosignKey? _key;
    private CosignKey? _other;

    /// <summary>The key; skips the test on a machine without cosign.</summary>
    public CosignKey Key => Need(_key);

    /// <summary>Another key.</summary>
    public CosignKey Other => Need(_other);

    public async ValueTask InitializeAsync()
    {
        if (TestTools.WhyMissing(Cosign.Programs) is null)
        {
            _key = await new Cosign("cosign2").GenerateKeyAsync(_directory.PathOf("key"));
            _other = await new Cosign("cosign3").GenerateKeyAsync(_directory.PathOf("other"));
        }
    }

    public ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private static CosignKey Need(CosignKey? key)
    {
        Assert.SkipWhen(key is null, TestTools.WhyMissing(Cosign.Programs) ?? "");
        return key!;
    }
}
