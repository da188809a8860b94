using System.Collections.Immutable;

namespace Wagi.Operator.Planning;

/// <summary>Collects what the WagiModules refer to, for the next plan.</summary>
internal sealed class References
{
    public ImmutableHashSet<ResolutionRequest>.Builder Resolutions { get; } = ImmutableHashSet.CreateBuilder<ResolutionRequest>();

    public ImmutableSortedSet<ObjectKey>.Builder Secrets { get; } = ImmutableSortedSet.CreateBuilder(ObjectKey.Order);

    public ImmutableSortedSet<ObjectKey>.Builder ConfigMaps { get; } = ImmutableSortedSet.CreateBuilder(ObjectKey.Order);
}
