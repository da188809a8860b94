using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Wagi.Modules.Configuration;
using Wagi.Modules.Routes;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Tests.Loading;

/// <summary>Loads nothing: a test says how each load ends.</summary>
internal sealed class FakeLoader : IModuleLoader
{
    private readonly ConcurrentDictionary<string, FakeLoad> _loads = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _begun = new(StringComparer.Ordinal);

    public async Task<ServedModule> LoadAsync(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellationToken)
    {
        var load = new FakeLoad(entry, secrets, cancellationToken);
        _loads[entry.Id] = load;
        Begun(entry.Id).Release();
        return await load.Result;
    }

    /// <summary>How many loads of an entry have begun that nobody has waited for.</summary>
    public int Waiting(string id) => Begun(id).CurrentCount;

    /// <summary>The next load of an entry that nobody has waited for.</summary>
    public async Task<FakeLoad> NextAsync(string id)
    {
        await Begun(id).WaitAsync(TestContext.Current.CancellationToken);
        return _loads[id];
    }

    private SemaphoreSlim Begun(string id) => _begun.GetOrAdd(id, _ => new SemaphoreSlim(0));

    /// <summary>An entry as a file would have it.</summary>
    public static ModuleEntry Entry(string id, string route, params string[] hosts) => Assert.Single(ModulesTomlReader.Read(
        $"""
        [[module]]
        id = "{id}"
        route = "{route}"
        hosts = [{string.Join(", ", hosts.Select(host => $"\"{host}\""))}]
        module = "hello.wasm"
        """,
        "modules.toml").Entries);

    /// <summary>A module that could be served, with sub-routes as <c>_routes()</c> would declare them.</summary>
    public static (ServedModule Module, FakeHandler Handler) Module(ModuleEntry entry, params string[] subRoutes) => Module(entry, "", subRoutes);

    /// <summary>The same with something to say about it.</summary>
    public static (ServedModule Module, FakeHandler Handler) Module(ModuleEntry entry, string remark, string[] subRoutes)
    {
        var handler = new FakeHandler();
        ImmutableArray<ServedRoute> routes =
        [
            new ServedRoute(entry.Route, Entrypoint: null),
            .. subRoutes.Select(route => new ServedRoute(entry.Route.Append(RoutePattern.Parse(route)), Entrypoint: route)),
        ];
        return (new ServedModule(entry, "sha256:" + new string('0', 64), entry.Module.ToString(), routes, handler, remark), handler);
    }
}

/// <summary>A load under way.</summary>
internal sealed class FakeLoad(ModuleEntry entry, ModuleSecrets? secrets, CancellationToken cancellation)
{
    private readonly TaskCompletionSource<ServedModule> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ServedModule> Result => _result.Task;

    /// <summary>What it was given.</summary>
    public ModuleSecrets? Secrets => secrets;

    /// <summary>Whether nobody wants its result any more.</summary>
    public bool IsGivenUp => cancellation.IsCancellationRequested;

    public FakeHandler Succeed(params string[] subRoutes) => SucceedWith("", subRoutes);

    public FakeHandler SucceedWith(string remark, params string[] subRoutes)
    {
        var (module, handler) = FakeLoader.Module(entry, remark, subRoutes);
        _result.SetResult(module);
        return handler;
    }

    public void Fail(Exception exception) => _result.SetException(exception);
}

/// <summary>Answers with the route and the entrypoint that it was called for.</summary>
internal sealed class FakeHandler : IModuleHandler
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposals;

    /// <summary>How often the module was unloaded.</summary>
    public int Disposals => Volatile.Read(ref _disposals);

    public Task Disposed => _disposed.Task;

    public async Task HandleAsync(HttpContext context, RoutePattern matchedRoute, string? entrypoint = null)
    {
        Assert.Equal(0, Disposals);
        await context.Response.WriteAsync($"{matchedRoute} by {entrypoint ?? "_start"}", context.RequestAborted);
    }

    public void Dispose()
    {
        Interlocked.Increment(ref _disposals);
        _disposed.TrySetResult();
    }
}
