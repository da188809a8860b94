using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Modules.Volumes;
using Wagi.Runtime.Cache;

namespace Wagi.Runtime.Sources;

/// <summary>Finds the bytes of modules of one scheme.</summary>
internal interface IModuleSource
{
    /// <summary>Finds the module that an entry names.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="secrets">Its secrets, or null when it has none.</param>
    /// <param name="cancellationToken">Stops the look-up.</param>
    /// <exception cref="ModuleSourceException">It is not available; the exception says why.</exception>
    Task<ModuleContent> FindAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken);
}

/// <summary>The bytes that a reference stands for, which are read only when they are needed: native code may be in the cache already.</summary>
/// <param name="Digest"><c>sha256:…</c> of the Wasm.</param>
/// <param name="Reference">The reference with everything that was resolved, for people: tag and digest.</param>
/// <param name="OpenAsync">
/// Gets the Wasm, at its start and with a known length. It is in no memory yet, where that can be avoided: many modules wait for the compiler.
/// </param>
internal sealed record ModuleContent(string Digest, string Reference, Func<CancellationToken, Task<Stream>> OpenAsync) : IDisposable
{
    /// <summary>Folders that the guest sees besides those of its entry.</summary>
    public ImmutableArray<Volume> Volumes { get; init; } = [];

    /// <summary>Native code that was made beforehand, from a source that is trusted to run any; null: there is none.</summary>
    public byte[]? NativeCode { get; init; }

    /// <summary>What was pulled to find the module, and is not needed any more when the module is loaded; null: nothing was.</summary>
    public IDisposable? Pulled { get; init; }

    /// <summary>The modules of an application, in which the most specific route wins; empty: it is one module.</summary>
    public ImmutableArray<ModulePart> Parts { get; init; } = [];

    /// <summary>The folders of <see cref="Parts"/>, which whoever serves them keeps in the cache.</summary>
    public ImmutableArray<KeptFolder> Folders { get; init; } = [];

    /// <summary>What there is to say to people about it; empty: nothing.</summary>
    public string Remark { get; init; } = "";

    public void Dispose()
    {
        Pulled?.Dispose();
        foreach (var part in Parts)
        {
            part.Content.Dispose();
        }
    }
}

/// <summary>One module of an application.</summary>
/// <param name="Entry">The entry of the application, as it is for this module.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Routes">What it answers.</param>
internal sealed record ModulePart(ModuleEntry Entry, ModuleContent Content, ImmutableArray<RoutePattern> Routes);

/// <summary>A module's bytes are not available.</summary>
/// <param name="reason">One of <see cref="Modules.Status.ModuleReason"/>.</param>
/// <param name="message">What was wrong, where, and what to do.</param>
/// <param name="inner">The cause.</param>
internal sealed class ModuleSourceException(string reason, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>One of <see cref="Modules.Status.ModuleReason"/>.</summary>
    public string Reason { get; } = reason;

    /// <summary>Whether it may be otherwise a while later. An entry that is wrong stays wrong until somebody changes it.</summary>
    public bool IsWorthRetrying { get; init; } = reason != Modules.Status.ModuleReason.InvalidEntry;
}
