using System.Globalization;
using System.Text.RegularExpressions;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;

namespace Wagi.Bench.Clients;

/// <summary>A program that sends as much as is answered, from the clients' cores of the machine on which the server runs.</summary>
/// <param name="name">What it is called.</param>
/// <param name="rate">Finds the requests a second in what it prints.</param>
/// <param name="isGood">Whether every request was answered with 2xx, by what it prints.</param>
internal sealed class LoadProgram(string name, Regex rate, Predicate<string> isGood)
{
    public void Require()
    {
        if (TestTools.WhyMissing(name) is { } reason)
        {
            throw new CannotMeasureException(reason);
        }
    }

    /// <summary>Runs it, and gives back the requests a second.</summary>
    /// <param name="connections">How many.</param>
    /// <param name="duration">How long, as its argument for whole seconds.</param>
    /// <param name="more">What else it is told, the URL included.</param>
    /// <exception cref="InvalidOperationException">Not every request was answered with 2xx.</exception>
    public async Task<double> RunAsync(int connections, string duration, params IEnumerable<string> more)
    {
        string[] command =
            [.. Cores.BeforeClient, TestTools.Require(name), $"-t{Math.Min(Cores.ClientThreads, connections)}", $"-c{connections}", duration, .. more];
        var result = (await Command.RunAsync(command[0], command[1..])).EnsureSuccess();
        if (!isGood(result.Stdout))
        {
            throw new InvalidOperationException($"not every request was answered with 2xx:\n{result.Stdout}");
        }

        return double.Parse(rate.Match(result.Stdout).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
    }

    /// <summary>Whole seconds, as these programs want them.</summary>
    public static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
}
