using Wagi.Bench;
using Wagi.Bench.Measurements;
using Wagi.Bench.Micro;
using Wagi.Bench.Plots;
using Wagi.Bench.Results;
using Wagi.TestCluster.Product;

// Each measurement prints its own lines "figure NAME VALUE UNIT". Names given as arguments choose among them.
var measurements = new Dictionary<string, Func<Task>>(StringComparer.Ordinal)
{
    ["hello"] = HelloInProcess.RunAsync,
    ["faults"] = PageFaults.RunAsync,
    ["http"] = HttpThroughput.RunAsync,
    ["handlers"] = Handlers.RunAsync,
    ["http2"] = Http2.RunAsync,
    ["latency"] = Latency.RunAsync,
    ["sweep"] = Sweep.RunAsync,
    ["peers"] = Peers.RunAsync,
    ["sandbox"] = SandboxCost.RunAsync,
    ["echo"] = EchoThroughput.RunAsync,
    ["outbound"] = OutboundOverhead.RunAsync,
    ["events"] = FirstEvent.RunAsync,
    ["tail"] = Tail.RunAsync,
    ["tenants"] = async () =>
    {
        await Tenants.RunAsync();
        await OperatorWrites.RunAsync();
        await Neighbour.RunAsync();
    },
    ["start"] = StartTime.RunAsync,
    ["apply"] = ApplyToServed.RunAsync,
    ["micro"] = MicroBenchmarks.RunAsync,
    ["optimize"] = OptimizedModules.RunAsync,
};

// What else there is to do brings along the measurements that it needs. "check" holds the figures that mean the same on every machine
// against those of an earlier run, which "baseline" writes. "plots" draws the pictures of docs/performance.md.
const string Check = "check";
const string Rebase = "baseline";
const string Plots = "plots";
string[] comparable = ["hello", "faults", "http", "handlers", "http2", "latency", "peers", "sandbox", "tail"];
var needs = new Dictionary<string, IEnumerable<string>>(StringComparer.Ordinal) { [Check] = comparable, [Rebase] = comparable, [Plots] = Pictures.Measurements };
var baseline = Path.Combine(Checkout.Root, "bench", "baseline.json");

string[] known = [.. measurements.Keys, .. needs.Keys];
var unknown = args.Except(known, StringComparer.Ordinal).ToList();
if (unknown.Count > 0)
{
    Console.Error.WriteLine($"bench: there is no {string.Join(", ", unknown)}; there are {string.Join(", ", known)}");
    return 2;
}

var wanted = args.Concat(args.SelectMany(name => needs.GetValueOrDefault(name, []))).ToHashSet(StringComparer.Ordinal);
foreach (var (name, run) in measurements)
{
    if (args.Length == 0 || wanted.Contains(name))
    {
        await Measurement.RunAsync(name, run);
    }
}

if (Measurement.Failed)
{
    return 1;
}

if (wanted.Contains(Plots))
{
    Pictures.Write(Path.Combine(Checkout.Root, "docs"));
}

if (wanted.Contains(Rebase))
{
    File.WriteAllText(baseline, Baseline.Write(Report.Comparable));
}

if (wanted.Contains(Check))
{
    var complaints = Baseline.Compare(Baseline.Read(File.ReadAllText(baseline)), Report.Comparable);
    foreach (var complaint in complaints)
    {
        Console.Error.WriteLine($"bench: {complaint}");
    }

    return complaints.Count == 0 ? 0 : 1;
}

return 0;
