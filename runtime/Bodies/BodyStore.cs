namespace Wagi.Runtime.Bodies;

/// <summary>How many bytes of bodies the process may keep for clients that send or read slowly.</summary>
public sealed record BodyOptions
{
    /// <summary>In memory, in bytes.</summary>
    public long Memory { get; init; } = 64L << 20;

    /// <summary>In files, in bytes; 0: none, so that memory has to do.</summary>
    public long Disk { get; init; } = 1L << 30;

    /// <summary>The largest body that one module must be able to keep, in bytes, though it be more than its share.</summary>
    public long Largest { get; init; } = 32L << 20;
}

/// <summary>
/// Keeps bodies while their client is slower than the runtime: one budget of memory and one of disk for the process, of which a tenant may
/// hold half and a module a quarter, so that nobody's clients use up what the others need.
/// </summary>
public sealed class BodyStore
{
    private const int TenantsAtFullShare = 2;
    private const int ModulesAtFullShare = 4;

    private readonly BodyOptions _options;
    private readonly ByteBudget _memory;
    private readonly ByteBudget _disk;
    private readonly Spool _spool;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ModuleBodies> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TenantBodies> _tenants = new(StringComparer.Ordinal);

    /// <param name="options">The budgets.</param>
    /// <param name="folder">Absolute path of the folder for files, which is made when it is needed. What is in it is deleted.</param>
    /// <param name="logger">Where to say that the folder cannot be used.</param>
    public BodyStore(BodyOptions options, string folder, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _memory = new ByteBudget(options.Memory);
        _disk = new ByteBudget(options.Disk);
        _spool = new Spool(folder, logger);
    }

    /// <summary>The share of a module. While a module is replaced, both of its handlers have the same.</summary>
    /// <param name="module">The module's id.</param>
    /// <param name="tenant">Whose it is; empty: nobody's in particular, and the module has its own share alone.</param>
    internal ModuleBodies Of(string module, string tenant)
    {
        lock (_lock)
        {
            if (!_modules.TryGetValue(module, out var bodies))
            {
                var owner = TenantOf(tenant);
                owner.Modules++;
                bodies = new ModuleBodies(
                    this, module, tenant, Share(_options.Memory, ModulesAtFullShare, owner.Memory), Share(_options.Disk, ModulesAtFullShare, owner.Disk), _spool);
                _modules.Add(module, bodies);
            }

            bodies.Users++;
            return bodies;
        }
    }

    internal void Release(ModuleBodies bodies)
    {
        lock (_lock)
        {
            // Below zero: it was disposed twice.
            if (--bodies.Users != 0)
            {
                return;
            }

            _modules.Remove(bodies.Module);
            if (--_tenants[bodies.Tenant].Modules == 0)
            {
                _tenants.Remove(bodies.Tenant);
            }
        }
    }

    private TenantBodies TenantOf(string name)
    {
        if (!_tenants.TryGetValue(name, out var tenant))
        {
            tenant = name.Length == 0
                ? new TenantBodies(_memory, _disk)
                : new TenantBodies(Share(_options.Memory, TenantsAtFullShare, _memory), Share(_options.Disk, TenantsAtFullShare, _disk));
            _tenants.Add(name, tenant);
        }

        return tenant;
    }

    private ByteBudget Share(long budget, int parts, ByteBudget parent)
    {
        // Memory is taken in chunks.
        var largest = (_options.Largest + BodyBuffer.Chunk - 1) / BodyBuffer.Chunk * BodyBuffer.Chunk;
        return new ByteBudget(Math.Max(budget / parts, Math.Min(budget, largest)), parent);
    }

    private sealed class TenantBodies(ByteBudget memory, ByteBudget disk)
    {
        public ByteBudget Memory => memory;

        public ByteBudget Disk => disk;

        public int Modules { get; set; }
    }
}

/// <summary>What the bodies of one module may use. Disposed once for every <see cref="BodyStore.Of"/>.</summary>
internal sealed class ModuleBodies(
    BodyStore store, string module, string tenant, ByteBudget memory, ByteBudget disk, Spool spool) : IDisposable
{
    public string Module => module;

    public string Tenant => tenant;

    public ByteBudget Memory => memory;

    public ByteBudget Disk => disk;

    public Spool Spool => spool;

    /// <summary>Who shares it; the store counts.</summary>
    public int Users { get; set; }

    public void Dispose() => store.Release(this);
}
