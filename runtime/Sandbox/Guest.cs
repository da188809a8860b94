namespace Wagi.Runtime.Sandbox;

/// <summary>A loaded module; safe for concurrent use.</summary>
public sealed class Guest : IDisposable
{
    /// <summary>Throws <see cref="SandboxException"/> (UnknownImport, EntrypointMissing) when it cannot be served.</summary>
    public void Check(string? entrypoint) => throw new NotImplementedException();

    public bool HasExport(string name) => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
