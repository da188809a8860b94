using System.Net;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Registry;

/// <summary>
/// A real OCI registry (<c>docker-registry</c>, the CNCF distribution 2.8) on a free port of 127.0.0.1 (or of another address), over plain HTTP, with deletion
/// enabled and its storage in a temporary folder.
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    /// <summary>The program that must be there: <c>TestTools.WhyMissing(RegistryServer.Program)</c>.</summary>
    public const string Program = "docker-registry";

    private static readonly HttpClient Http = new();

    private readonly TempDirectory _directory;
    private readonly RegistryOptions _options;
    private ServerProcess? _process;

    private RegistryServer(RegistryOptions options, TempDirectory directory, TokenServer? tokenServer)
    {
        _options = options;
        _directory = directory;
        TokenServer = tokenServer;
    }

    /// <summary>Host and port, as they stand at the front of an image reference: <c>HOST:PORT</c>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The registry's base URL, <c>http://HOST:PORT/</c>.</summary>
    public Uri Url => new($"http://{Address}/");

    /// <summary>The user that may push and pull.</summary>
    public string User => _options.User;

    /// <summary>That user's password.</summary>
    public string Password => _options.Password;

    /// <summary>The token server of <see cref="RegistryAuthentication.Token"/>, else null.</summary>
    public TokenServer? TokenServer { get; }

    /// <summary>Everything that the registry logged, requests included.</summary>
    public string Log => File.ReadAllText(LogPath);

    /// <summary>The registry's storage (<c>docker/registry/v2/…</c>), for tests that damage a blob or take one away.</summary>
    public string StorageDirectory => _directory.PathOf("storage");

    private string LogPath => _directory.PathOf("log");

    /// <summary>Starts a registry and returns when it answers.</summary>
    /// <exception cref="FileNotFoundException">This machine has no <c>docker-registry</c>.</exception>
    /// <exception cref="TestToolFailedException">It does not start; the message holds the end of its log.</exception>
    public static async Task<RegistryServer> StartAsync(RegistryOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RegistryOptions();
        TestTools.Require(Program);
        var directory = new TempDirectory("registry");
        var tokenServer = options.Authentication == RegistryAuthentication.Token
            ? await TokenServer.StartAsync(options, cancellationToken)
            : null;
        var registry = new RegistryServer(options, directory, tokenServer);
        try
        {
            do
            {
                registry.Address = $"{options.Host}:{FreePort.Pick()}";
            }
            while (!await registry.TryStartAsync(cancellationToken));
            return registry;
        }
        catch
        {
            await registry.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the registry away: connections are refused until <see cref="StartAgainAsync"/>. What was pushed stays.</summary>
    public async Task StopAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _process = null;
    }

    /// <summary>Brings a stopped registry back on the same port with the same storage.</summary>
    /// <exception cref="TestToolFailedException">It does not start, for example because another process has the port by now.</exception>
    public async Task StartAgainAsync(CancellationToken cancellationToken = default)
    {
        if (_process is null && !await TryStartAsync(cancellationToken))
            throw new TestToolFailedException($"{Address} was taken by another process while the registry was down");
    }

    /// <summary>Ends the registry and deletes its storage.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (TokenServer is not null) await TokenServer.DisposeAsync();
        _directory.Dispose();
    }

    /// <returns>False when another process has the port.</returns>
    private async Task<bool> TryStartAsync(CancellationToken cancellationToken)
    {
        var configuration = _directory.Write("config.yml", Configuration());
        _process = await ServerProcess.TryStartAsync(Program, ["serve", configuration], LogPath, AnswersAsync, cancellationToken);
        return _process is not null;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var answer = await Http.GetAsync(new Uri(Url, "v2/"), cancellationToken);
        return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Unauthorized;
    }

    // YAML's flow style is JSON: every value is quoted, so that none can be taken for something else.
    private string Configuration() =>
        $$"""
        version: 0.1
        log: { level: info, formatter: text, accesslog: { disabled: false } }
        storage:
          filesystem: { rootdirectory: "{{StorageDirectory}}" }
          delete: { enabled: true }
        http: { addr: "{{Address}}" }
        {{Authentication()}}
        """;

    private string Authentication() => _options.Authentication switch
    {
        RegistryAuthentication.Basic =>
            $$"""
            auth:
              htpasswd: { realm: "wagi-test", path: "{{WriteHtpasswd()}}" }
            """,
        RegistryAuthentication.Token =>
            $$"""
            auth:
              token:
                realm: "{{TokenServer!.Realm}}"
                service: "{{TokenServer.Service}}"
                issuer: "{{TokenServer.Issuer}}"
                rootcertbundle: "{{_directory.Write("token-root.pem", TokenServer.RootCertificatePem)}}"
            """,
        _ => "",
    };

    // bcrypt is the only kind that the registry takes; its lowest cost, because the registry checks it at every request.
    private string WriteHtpasswd() =>
        _directory.Write("htpasswd", $"{User}:{BCrypt.Net.BCrypt.HashPassword(Password, workFactor: 4)}\n");
}
