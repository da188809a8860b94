using Wagi.Bench;
using Wagi.Bench.Measurements;

// Each measurement prints its own lines "figure NAME VALUE UNIT". Names given as arguments choose among them.
var measurements = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["hello"] = HelloInProcess.RunAsync,
    ["http"] = HttpThroughput.RunAsync,
    ["echo"] = EchoThroughput.RunAsync,
    ["outbound"] = OutboundOverhead.RunAsync,
    ["events"] = FirstEvent.RunAsync,
    ["tenants"] = async () =>
    {
        await Tenants.RunAsync();
        await OperatorWrites.RunAsync();
        await Neighbour.RunAsync();
    },
    ["start"] = StartTime.RunAsync,
    ["apply"] = ApplyToServed.RunAsync,
    ["optimize"] = OptimizedModules.RunAsync,
};
var unknown = args.Where(name => !measurements.ContainsKey(name)).ToList();
if (unknown.Count > 0)
{
    Console.Error.WriteLine($"bench: there is no measurement {string.Join(", ", unknown)}; there are {string.Join(", ", measurements.Keys)}");
    return 2;
}

foreach (var (name, run) in measurements)
{
    if (args.Length == 0 || args.Contains(name))
    {
        await Measurement.RunAsync(name, run);
    }
}

return Measurement.Failed ? 1 : 0;
