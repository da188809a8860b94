using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Wagi.Modules.Status;

namespace Wagi.TestCluster.Product;

/// <summary><c>wagi serve</c> on free ports.</summary>
public sealed partial class RuntimeProcess : IAsyncDisposable
{
    /// <summary>An address at which nothing else listens.</summary>
    internal const string AnyPort = "127.0.0.1:0";

    private readonly ProductProcess _program;

    private RuntimeProcess(ProductProcess program, string url, string adminUrl)
    {
        _program = program;
        AdminUrl = adminUrl;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(url) };
        Admin = new HttpClient { BaseAddress = new Uri(adminUrl) };
    }

    /// <summary>Sends requests to the main port.</summary>
    public HttpClient Client { get; }

    /// <summary>Sends requests to the admin port.</summary>
    public HttpClient Admin { get; }

    /// <summary>URL of the admin port.</summary>
    public string AdminUrl { get; }

    /// <summary>Process id.</summary>
    public int Id => _program.Id;

    /// <summary>The most memory that it has had resident since it started, in bytes (<c>VmHWM</c>, proc(5)).</summary>
    public long PeakMemory =>
        long.Parse(PeakLine.Match(File.ReadAllText($"/proc/{Id}/status")).Groups["kib"].ValueSpan, CultureInfo.InvariantCulture) << 10;

    /// <summary>Everything that it logged.</summary>
    public string Log => _program.Log;

    /// <summary>Starts it and waits until it listens.</summary>
    public static Task<RuntimeProcess> StartAsync(
        string configuration, string cache, string? secrets, CancellationToken cancellation, params IEnumerable<string> more) =>
        StartAsync(configuration, cache, secrets, [Checkout.Wagi], AnyPort, more, cancellation);

    /// <summary>The same, by another command, and with an address for the admin port.</summary>
    internal static Task<RuntimeProcess> StartAsync(
        string configuration, string cache, string? secrets, IReadOnlyList<string> command, string admin, IEnumerable<string> more, CancellationToken cancellation) => StartAsync(
        [
            "serve", "-c", configuration, "--wait-for-config", "--module-cache", cache,
            // Where tenants' modules are served, this machine is out of reach; here it is all that there is.
            .. secrets is null ? Array.Empty<string>() : ["--secrets-dir", secrets, "--outbound-allow", "127.0.0.0/8", "--pull-allow", "127.0.0.0/8"], .. more,
        ],
        command,
        admin,
        cancellation);

    /// <summary>Starts it with these arguments, ports excepted, and waits until it listens.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="command">What starts it, as arguments before its own; it becomes the program.</param>
    public static Task<RuntimeProcess> StartAsync(
        IEnumerable<string> arguments, CancellationToken cancellation, params IReadOnlyList<string> command) =>
        StartAsync(arguments, [.. command, Checkout.Wagi], AnyPort, cancellation);

    private static async Task<RuntimeProcess> StartAsync(
        IEnumerable<string> arguments, IReadOnlyList<string> command, string admin, CancellationToken cancellation)
    {
        string[] all = [.. command, .. arguments, "-l", AnyPort, "--admin", admin];
        var program = ProductProcess.Start(all[0], all[1..]);
        try
        {
            var listening = await program.WaitForLogAsync(log => Listening.Match(log) is { Success: true } match ? match : null, cancellation);
            return new RuntimeProcess(program, listening.Groups["url"].Value, listening.Groups["admin"].Value);
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it says about itself.</summary>
    public async Task<RuntimeStatus> StatusAsync(CancellationToken cancellation) =>
        RuntimeStatus.FromJson(await Admin.GetByteArrayAsync("/status", cancellation));

    /// <summary>Waits until <c>/status</c> says something about a module.</summary>
    public Task<ModuleStatus> ModuleAsync(string id, Func<ModuleStatus, bool> condition, CancellationToken cancellation) =>
        Eventually.Becomes(
            async token => (await StatusAsync(token)).Modules.Single(module => module.Id == id),
            condition,
            cancellationToken: cancellation);

    /// <summary>Waits until a path answers with a status and returns the answer's body.</summary>
    public Task<string> AnswerAsync(string path, HttpStatusCode status, CancellationToken cancellation) =>
        AnswerAsync(path, status, _ => true, cancellation);

    /// <summary>Waits until a path answers with a status and a body.</summary>
    public async Task<string> AnswerAsync(string path, HttpStatusCode status, Func<string, bool> body, CancellationToken cancellation)
    {
        var answer = await Eventually.Becomes(
            async token =>
            {
                using var response = await Client.GetAsync(path, token);
                return (response.StatusCode, Body: await response.Content.ReadAsStringAsync(token));
            },
            answer => answer.StatusCode == status && body(answer.Body),
            cancellationToken: cancellation);
        return answer.Body;
    }

    /// <summary>Asks it to end and returns its exit code.</summary>
    public Task<int> TerminateAsync(CancellationToken cancellation) => _program.TerminateAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Admin.Dispose();
        await _program.DisposeAsync();
    }

    [GeneratedRegex(@"^VmHWM:\s*(?<kib>\d+) kB$", RegexOptions.Multiline)]
    private static partial Regex PeakLine { get; }

    [GeneratedRegex(@"Listening on (?<url>https?://\S+), admin port (?<admin>http://\S+)")]
    private static partial Regex Listening { get; }
}
