using System.Diagnostics.Metrics;
using Wagi.Modules.Status;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Admin;

/// <summary>Metrics of what is loaded; those of requests are <see cref="RequestMetrics"/>.</summary>
internal sealed class ModuleMetrics : IDisposable
{
    private readonly Meter _meter = new(RequestMetrics.MeterName);

    public ModuleMetrics(ModuleHost host)
    {
        _meter.CreateObservableGauge(
            "wagi_modules", () => Count(host.Status), description: "Configured modules by state: ready, loading or failed.");
        _meter.CreateObservableGauge(
            "wagi_configuration_problems",
            () => host.Status?.Configuration.Problems.Length ?? 0,
            description: "Problems found in the configuration file that was read last.");
    }

    private static IEnumerable<Measurement<int>> Count(RuntimeStatus? status)
    {
        foreach (var (state, name) in new[] { (ModuleState.Ready, "ready"), (ModuleState.Loading, "loading"), (ModuleState.Failed, "failed") })
        {
            yield return new Measurement<int>(
                status?.Modules.Count(module => module.State == state) ?? 0, new KeyValuePair<string, object?>("state", name));
        }
    }

    public void Dispose() => _meter.Dispose();
}
