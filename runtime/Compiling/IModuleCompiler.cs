using Wagi.Modules.Configuration;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Compiling;

/// <summary>Makes native code of modules.</summary>
internal interface IModuleCompiler
{
    /// <summary>Wasm, or WebAssembly text, to native code for this process's engine.</summary>
    /// <param name="tenant">Whose module it is.</param>
    /// <param name="wasm">The module.</param>
    /// <param name="preinitialization">Whether it is initialized as well.</param>
    /// <param name="target">Where the native code goes; after an exception it holds any part of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="GuestLoadException">It is no WebAssembly, cannot be compiled, or takes more than it may.</exception>
    /// <exception cref="IOException"><paramref name="target"/> cannot be written to.</exception>
    Task CompileAsync(string tenant, ReadOnlyMemory<byte> wasm, Preinitialization preinitialization, Stream target, CancellationToken cancellationToken);
}

/// <summary>Compiles in this process, without limits: for commands that a person runs on modules of their own.</summary>
internal sealed class InProcessCompiler(GuestEngine engine) : IModuleCompiler
{
    /// <inheritdoc/>
    public async Task CompileAsync(
        string tenant, ReadOnlyMemory<byte> wasm, Preinitialization preinitialization, Stream target, CancellationToken cancellationToken)
    {
        var code = await Task.Run(() => engine.Compile(wasm.Span, preinitialization), cancellationToken);
        await target.WriteAsync(code, cancellationToken);
    }
}
