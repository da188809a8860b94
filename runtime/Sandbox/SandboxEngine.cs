namespace Wagi.Runtime.Sandbox;

/// <summary>The process-wide sandbox.</summary>
public sealed class SandboxEngine : IDisposable
{
    public SandboxEngine(SandboxOptions options) => options.Validate();

    /// <summary>Changes with everything that makes native code incompatible; fit for a directory name.</summary>
    public string CompatibilityKey => throw new NotImplementedException();

    /// <summary>Wasm or WAT text to native code.</summary>
    public byte[] Compile(ReadOnlySpan<byte> wasm) => throw new NotImplementedException();

    /// <summary>Loads native code that <see cref="Compile"/> made with the same <see cref="CompatibilityKey"/>.</summary>
    public Guest Load(ReadOnlySpan<byte> nativeCode) => throw new NotImplementedException();

    /// <summary>As <see cref="Load"/>, mapped from a file, which must not change while it is in use.</summary>
    public Guest LoadFile(string path) => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
