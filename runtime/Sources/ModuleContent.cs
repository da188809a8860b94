using System.Collections.Immutable;
using Wagi.Modules.Volumes;

namespace Wagi.Runtime.Sources;

/// <summary>The bytes that a reference stands for, which are read only when they are needed: native code may be in the cache already.</summary>
/// <param name="Digest"><c>sha256:…</c> of the Wasm.</param>
/// <param name="Reference">The reference with everything that was resolved, for people: tag and digest.</param>
/// <param name="ReadAsync">Reads the Wasm.</param>
internal sealed record ModuleContent(string Digest, string Reference, Func<CancellationToken, Task<byte[]>> ReadAsync)
{
    /// <summary>Folders that the guest sees besides those of its entry.</summary>
    public ImmutableArray<Volume> Volumes { get; init; } = [];

    /// <summary>Native code that was made beforehand, from a source that is trusted to run any; null: there is none.</summary>
    public byte[]? NativeCode { get; init; }
}
