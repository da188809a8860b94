using Wagi.Oci.Authentication;
using Wagi.Oci.Modules;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.TestCluster;

namespace Wagi.Operator.Tests.Cluster;

/// <summary>Pushes modules that nobody runs.</summary>
internal static class TestModules
{
    /// <summary>Pushes a module that differs from others by <paramref name="content"/>.</summary>
    /// <returns>The manifest's digest.</returns>
    public static async Task<string> PushAsync(string reference, string content, ICredentialStore? credentials = null)
    {
        using var directory = new TempDirectory("module");
        var file = directory.PathOf("module.wasm");
        // A module with one custom section (WebAssembly core specification, "Binary format"): id 0, size, name, bytes.
        var text = System.Text.Encoding.ASCII.GetBytes(content);
        await File.WriteAllBytesAsync(file, [0, .. "asm"u8, 1, 0, 0, 0, 0, (byte)(text.Length + 2), 1, (byte)'t', .. text]);
        using var client = new RegistryClient();
        return (await new ModulePublisher(client).PublishAsync(file, Reference.Parse(reference), null, credentials)).Reference.Digest!.ToString();
    }
}
