using Wagi.Modules.Routes;

namespace Wagi.Operator.Planning;

/// <summary>Why a module does not get its route.</summary>
/// <param name="Winner">The module that came first and has it.</param>
/// <param name="Host">The host on which both claim it; null: both claim it for every host.</param>
/// <param name="Route">The route.</param>
internal sealed record RouteConflict(ObjectKey Winner, HostPattern? Host, RoutePattern Route)
{
    /// <summary>The message for the loser.</summary>
    public string Message => Host is null
        ? $"route '{Route}' belongs to WagiModule {Winner}, which comes first (by age, then by name); change the route, or limit one of the two to hosts"
        : $"route '{Route}' on host '{Host}' belongs to WagiModule {Winner}, which comes first (by age, then by name); change the route or the host";
}
