using System.Globalization;
using Wagi.Bench.Clients;
using Wagi.Bench.Results;
using Wagi.Bench.Servers;

namespace Wagi.Bench.Measurements;

/// <summary>
/// How often a request makes the kernel bring a page in, for each language: what a fresh instance costs beside its code. One connection; the served
/// process's minor faults (<c>minflt</c>, proc(5)).
/// </summary>
internal static class PageFaults
{
    private const int Rounds = 5;
    private const int Requests = 300;

    public static async Task RunAsync()
    {
        var languages = Hello.InEachLanguage();
        await using var served = await ServedSamples.StartAsync(languages);
        var faults = await Series.InTurnsAsync(Rounds, [.. languages.Select(hello => (Func<Task<double>>)(() => Task.FromResult(Measure(served, hello))))]);
        foreach (var (hello, series) in languages.Zip(faults))
        {
            Report.Add($"faults_per_request{(hello == Hello.InC ? "_c" : hello.Suffix)}", series, "faults", Better.Lower);
        }
    }

    private static double Measure(ServedSamples served, Hello hello)
    {
        using var client = new PlainClient(served.Runtime.Client.BaseAddress!, hello.Path);
        client.Get();
        var before = MinorFaults(served.Runtime.Id);
        for (var i = 0; i < Requests; i++)
        {
            client.Get();
        }

        return (double)(MinorFaults(served.Runtime.Id) - before) / Requests;
    }

    // The tenth field. The second is the program's name in parentheses, which may hold anything.
    private static long MinorFaults(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}
