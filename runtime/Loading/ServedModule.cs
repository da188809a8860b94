using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Loading;

/// <summary>
/// A module that can answer. Owns its handler, and with it its native code, which goes when it is released and the last request in flight
/// has left.
/// </summary>
internal sealed class ServedModule
{
    /// <summary>Requests inside, plus one for as long as the module is not released.</summary>
    private int _users = 1;

    public ServedModule(
        ModuleEntry entry, string digest, string reference, ImmutableArray<ServedRoute> routes, ModuleHandler handler)
    {
        Entry = entry;
        Digest = digest;
        Reference = reference;
        Routes = routes;
        Handler = handler;
    }

    /// <summary>The entry that it was loaded for.</summary>
    public ModuleEntry Entry { get; }

    /// <summary><c>sha256:…</c> of the Wasm.</summary>
    public string Digest { get; }

    /// <summary>Where the Wasm came from, with everything resolved.</summary>
    public string Reference { get; }

    /// <summary>What it answers: the route of the entry, then the module's sub-routes.</summary>
    public ImmutableArray<ServedRoute> Routes { get; }

    /// <summary>Runs the guest for a request. Only between <see cref="TryEnter"/> and <see cref="Exit"/>.</summary>
    public ModuleHandler Handler { get; }

    /// <summary>Which of the module's routes a path falls under: as in WAGI, the last one that matches.</summary>
    public ServedRoute? Match(ReadOnlySpan<char> path)
    {
        for (var i = Routes.Length - 1; i >= 0; i--)
        {
            if (Routes[i].Pattern.Matches(path))
            {
                return Routes[i];
            }
        }

        return null;
    }

    /// <summary>Keeps the module alive for one request; false when it is gone already.</summary>
    public bool TryEnter()
    {
        var users = Volatile.Read(ref _users);
        while (users > 0)
        {
            var seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
            {
                return true;
            }

            users = seen;
        }

        return false;
    }

    /// <summary>Ends what <see cref="TryEnter"/> began.</summary>
    public void Exit() => Leave();

    /// <summary>Takes the module out of service. Call once, after the last route table that names it was replaced.</summary>
    public void Release() => Leave();

    private void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Handler.Dispose();
        }
    }
}
