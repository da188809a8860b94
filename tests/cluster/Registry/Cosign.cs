using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Registry;

/// <summary>
/// The real cosign, in one of the versions that sign in different formats: 2 (the tag <c>sha256-….sig</c>) and 3 (bundles that are referrers).
/// It signs with keys in files and asks no service on the internet.
/// </summary>
/// <param name="program">One of <see cref="Programs"/>.</param>
public sealed class Cosign(string program)
{
    /// <summary>What must be there: <c>TestTools.WhyMissing(Cosign.Programs)</c>.</summary>
    public static readonly string[] Programs = ["cosign2", "cosign3"];

    // Encrypts the private keys; cosign asks for it where it is not set.
    private static readonly Dictionary<string, string?> Password = new() { ["COSIGN_PASSWORD"] = "" };

    private readonly string[] _offline = program == "cosign2" ? ["--tlog-upload=false"] : ["--tlog-upload=false", "--use-signing-config=false"];

    /// <summary>Makes a key pair; gives the path of the private key.</summary>
    /// <param name="prefix">Path of the files without <c>.key</c> and <c>.pub</c>.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public async Task<CosignKey> GenerateKeyAsync(string prefix, CancellationToken cancellationToken = default)
    {
        await RunAsync(["generate-key-pair", "--output-key-prefix", prefix], null, cancellationToken);
        return await CosignKey.ReadAsync(prefix, cancellationToken);
    }

    /// <summary>Takes over a private key that another program made.</summary>
    /// <param name="prefix">Path of the files to write, without <c>.key</c> and <c>.pub</c>.</param>
    /// <param name="pem">Path of the private key as PKCS #8 in PEM.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public async Task<CosignKey> ImportKeyAsync(string prefix, string pem, CancellationToken cancellationToken = default)
    {
        await RunAsync(["import-key-pair", "--key", pem, "--output-key-prefix", prefix], null, cancellationToken);
        return await CosignKey.ReadAsync(prefix, cancellationToken);
    }

    /// <summary>Signs an artifact.</summary>
    /// <param name="key">The key.</param>
    /// <param name="reference">The artifact, with its digest.</param>
    /// <param name="dockerConfig">Folder of a <c>config.json</c> with credentials; null: those of the user.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public Task SignAsync(CosignKey key, string reference, string? dockerConfig = null, CancellationToken cancellationToken = default) =>
        RunAsync(["sign", "--yes", "--key", key.PrivateKeyPath, .. _offline, reference], dockerConfig, cancellationToken);

    /// <summary>Says something about an artifact, which is signed as well.</summary>
    /// <param name="key">The key.</param>
    /// <param name="reference">The artifact, with its digest.</param>
    /// <param name="predicate">Path of a JSON file with what is said.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    public Task AttestAsync(CosignKey key, string reference, string predicate, CancellationToken cancellationToken = default) =>
        RunAsync(["attest", "--yes", "--key", key.PrivateKeyPath, "--predicate", predicate, "--type", "custom", .. _offline, reference], null, cancellationToken);

    private async Task RunAsync(string[] arguments, string? dockerConfig, CancellationToken cancellationToken)
    {
        var environment = dockerConfig is null ? Password : new Dictionary<string, string?>(Password) { ["DOCKER_CONFIG"] = dockerConfig };
        (await Command.RunAsync(program, arguments, environment, cancellationToken: cancellationToken)).EnsureSuccess();
    }
}

/// <summary>A key pair of <see cref="Cosign"/>.</summary>
/// <param name="PrivateKeyPath">The file with the private key.</param>
/// <param name="PublicKeyPem">The public key.</param>
public sealed record CosignKey(string PrivateKeyPath, string PublicKeyPem)
{
    /// <summary>The public key as <c>modules.toml</c> has it: the PEM without header, footer and ends of lines.</summary>
    public string PublicKey { get; } = string.Concat(PublicKeyPem.Split('\n').Where(line => !line.StartsWith('-')).Select(line => line.Trim()));

    internal static async Task<CosignKey> ReadAsync(string prefix, CancellationToken cancellationToken) =>
        new($"{prefix}.key", await File.ReadAllTextAsync($"{prefix}.pub", cancellationToken));
}
