using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Loading;

/// <summary>
/// A module that can answer. It owns its handler, and with it the module's native code, and keeps its files in the cache. They go once the module has been released and
/// the last request in flight has left.
/// </summary>
internal sealed class ServedModule
{
    private readonly Lifetime _lifetime;

    public ServedModule(
        ModuleEntry entry, string digest, string reference, ImmutableArray<ServedRoute> routes, IModuleHandler handler, string remark = "",
        bool isPreinitialized = false, IDisposable? files = null)
    {
        Entry = entry;
        Digest = digest;
        Reference = reference;
        Routes = routes;
        Handler = handler;
        Remark = remark;
        IsPreinitialized = isPreinitialized;
        _lifetime = new Lifetime(() =>
        {
            handler.Dispose();
            files?.Dispose();
        });
    }

    /// <summary>The entry that it was loaded for.</summary>
    public ModuleEntry Entry { get; }

    /// <summary><c>sha256:…</c> of the Wasm, or of the description of an application.</summary>
    public string Digest { get; }

    /// <summary>Where the Wasm came from, with everything resolved.</summary>
    public string Reference { get; }

    /// <summary>What it answers: the route of the entry, then the module's sub-routes. Where several match, the last wins.</summary>
    public ImmutableArray<ServedRoute> Routes { get; }

    /// <summary>Runs the guest for a request. Only between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public IModuleHandler Handler { get; }

    /// <summary>What there is to say to people about how it was loaded; empty: nothing.</summary>
    public string Remark { get; }

    /// <summary>Whether it was initialized when it was compiled.</summary>
    public bool IsPreinitialized { get; }

    /// <summary>Keeps the module alive for one request; false when it is gone already.</summary>
    public bool TryEnter() => _lifetime.TryEnter();

    /// <summary>Ends what <see cref="TryEnter"/> began.</summary>
    public void Exit() => _lifetime.Exit();

    /// <summary>Takes the module out of service, after the last route table that names it was replaced.</summary>
    public void Release() => _lifetime.End();
}

/// <summary>A path pattern and the exported function that answers it.</summary>
/// <param name="Pattern">The full pattern; for a sub-route with the route of its module in front.</param>
/// <param name="Entrypoint">The exported function; null: the entry's own.</param>
internal sealed record ServedRoute(RoutePattern Pattern, string? Entrypoint);

/// <summary>Where a request is led: which module answers, by which of its routes.</summary>
internal sealed record RouteTarget(ServedModule Module, ServedRoute Route);
