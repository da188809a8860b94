using System.Text.RegularExpressions;

namespace Wagi.TestCluster.Product;

/// <summary><c>wagi dev</c> on a folder, on free ports.</summary>
public sealed class DevProcess : IAsyncDisposable
{
    private readonly ProductProcess _program;
    private readonly HttpClient _client = new();
    private readonly CancellationToken _cancellation;

    private DevProcess(ProductProcess program, CancellationToken cancellation)
    {
        _program = program;
        _cancellation = cancellation;
    }

    /// <summary>Everything that it printed.</summary>
    public string Log => _program.Log;

    /// <summary>Starts it.</summary>
    /// <param name="wagi">The program.</param>
    /// <param name="folder">The project.</param>
    /// <param name="cache">For compiled modules.</param>
    /// <param name="environment">Variables that the build finds in its environment.</param>
    /// <param name="cancellation">Stops every wait.</param>
    /// <param name="more">Further arguments.</param>
    public static DevProcess Start(
        string wagi, string folder, string cache, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellation, params IEnumerable<string> more) =>
        new(ProductProcess.Start(wagi, ["dev", folder, "-l", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--module-cache", cache, .. more], environment), cancellation);

    /// <summary>Waits until it has printed something.</summary>
    /// <param name="pattern">A regular expression.</param>
    public Task<Match> PrintsAsync(string pattern) => _program.WaitForLogAsync(
        log => Regex.Match(log, pattern, RegexOptions.Multiline) is { Success: true } match ? match : null, _cancellation);

    /// <summary>Waits until the route answers with a text.</summary>
    /// <param name="path">Below the first route that is served.</param>
    /// <param name="body">The text.</param>
    /// <param name="deadline">How long it may take; <see cref="Eventually.DefaultDeadline"/> when null.</param>
    public async Task AnswersAsync(string path, string body, TimeSpan? deadline = null)
    {
        var url = await UrlAsync();
        await Eventually.Becomes(token => _client.GetStringAsync(url + path, token), answer => answer == body, deadline, _cancellation);
    }

    /// <summary>The status of a request.</summary>
    public async Task<int> StatusAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(await UrlAsync() + path), _cancellation);
        return (int)response.StatusCode;
    }

    /// <summary>Sends the signal of Ctrl-C, and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> InterruptAsync() => _program.InterruptAsync(_cancellation);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _program.DisposeAsync();
    }

    private async Task<string> UrlAsync() => (await PrintsAsync("serving (http://[^/]+)")).Groups[1].Value;
}
