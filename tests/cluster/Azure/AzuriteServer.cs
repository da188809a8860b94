using System.Security.Cryptography;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Azure;

/// <summary>The Blob service of Azurite, Microsoft's emulator of Azure Storage, with one account and nothing in it.</summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    /// <summary>The program that has to be there.</summary>
    public const string Program = "azurite-blob";

    private static readonly HttpClient Http = new();

    private readonly TempDirectory _directory = new("azurite");
    private ServerProcess? _process;

    private AzuriteServer()
    {
    }

    /// <summary>The name of its account.</summary>
    public const string Account = "samples";

    /// <summary>The account's key, in base64.</summary>
    public string Key { get; } = NewKey();

    /// <summary>Scheme, host and port.</summary>
    public string Origin { get; private set; } = "";

    /// <summary>The account's blob endpoint; the emulator has the account in the path.</summary>
    public string BlobEndpoint => $"{Origin}/{Account}";

    /// <summary>A key as Azure makes them: 64 random bytes in base64.</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(64));

    /// <summary>Starts it and returns when it answers.</summary>
    /// <exception cref="FileNotFoundException">This machine has no Azurite.</exception>
    /// <exception cref="TestToolFailedException">It does not start; the message holds the end of its log.</exception>
    public static async Task<AzuriteServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var server = new AzuriteServer();
        try
        {
            while (server._process is null)
            {
                var port = FreePort.Pick();
                server.Origin = $"http://127.0.0.1:{port}";
                server._process = await ServerProcess.TryStartAsync(
                    "env",
                    [
                        $"AZURITE_ACCOUNTS={Account}:{server.Key}", TestTools.Require(Program), "--blobPort", $"{port}",
                        "--location", server._directory.FullPath, "--disableTelemetry", "--skipApiVersionCheck", "--silent",
                    ],
                    server._directory.PathOf("log"),
                    server.AnswersAsync,
                    cancellationToken);
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _directory.Dispose();
    }

    // Without a signature every answer is a refusal, which is an answer.
    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var answer = await Http.GetAsync(new Uri($"{BlobEndpoint}?comp=list"), cancellationToken);
        return true;
    }
}
