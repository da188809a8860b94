using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Wagi.Operator.Instance;

namespace Wagi.Operator.Health;

/// <summary>The probes of a pod.</summary>
internal static class HealthEndpoints
{
    /// <summary><c>/healthz/live</c> answers while the process does; <c>/healthz/ready</c> when all caches are filled.</summary>
    public static void MapHealth(this WebApplication application, OperatorInstance instance)
    {
        application.MapGet("/healthz/live", static (HttpContext context) => context.Response.WriteAsync("ok\n"));
        application.MapGet("/healthz/ready", (HttpContext context) =>
        {
            var reasons = instance.NotReady.ToList();
            context.Response.StatusCode = reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return context.Response.WriteAsync(reasons.Count == 0 ? "ok\n" : string.Join('\n', reasons) + "\n");
        });
    }
}
