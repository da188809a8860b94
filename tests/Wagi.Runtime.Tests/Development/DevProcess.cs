using System.Text.RegularExpressions;
using Wagi.TestCluster;
using Wagi.TestCluster.Processes;
using Wagi.TestCluster.Product;

namespace Wagi.Runtime.Tests.Development;

/// <summary><c>wagi dev</c> on a folder, on free ports.</summary>
internal sealed partial class DevProcess : IAsyncDisposable
{
    public static readonly string Wagi = Path.Combine(AppContext.BaseDirectory, "wagi");

    private readonly ProductProcess _program;
    private readonly HttpClient _client = new();

    private DevProcess(ProductProcess program) => _program = program;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Everything that it printed.</summary>
    public string Log => _program.Log;

    public static DevProcess Start(string folder, string cache, params string[] more) => new(ProductProcess.Start(
        Wagi, ["dev", folder, "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", cache, .. more]));

    /// <summary>With a variable that the build finds in its environment.</summary>
    public static DevProcess StartWith(string variable, string folder, string cache) => new(ProductProcess.Start(
        "env", [variable, Wagi, "dev", folder, "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", cache]));

    /// <summary>Waits until it has printed something.</summary>
    /// <param name="pattern">A regular expression.</param>
    /// <param name="after">How much of the log does not count.</param>
    public Task<Match> PrintsAsync(string pattern, int after = 0) => _program.WaitForLogAsync(
        log => Regex.Match(log[Math.Min(after, log.Length)..], pattern, RegexOptions.Multiline) is { Success: true } match ? match : null, Cancellation);

    /// <summary>Waits until the route answers with a text.</summary>
    /// <param name="path">Below the first route that is served.</param>
    /// <param name="body">The text.</param>
    public async Task AnswersAsync(string path, string body)
    {
        var url = (await PrintsAsync(@"serving (http://[^/]+)")).Groups[1].Value;
        await Eventually.Becomes(token => _client.GetStringAsync(url + path, token), answer => answer == body, cancellationToken: Cancellation);
    }

    /// <summary>The status of a request.</summary>
    public async Task<int> StatusAsync(string path)
    {
        var url = (await PrintsAsync(@"serving (http://[^/]+)")).Groups[1].Value;
        using var response = await _client.GetAsync(new Uri(url + path), Cancellation);
        return (int)response.StatusCode;
    }

    /// <summary>Sends the signal of Ctrl-C, and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> InterruptAsync()
    {
        await Command.RunAsync("kill", ["-INT", $"{_program.Id}"], cancellationToken: Cancellation);
        return await _program.ExitAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _program.DisposeAsync();
    }
}
