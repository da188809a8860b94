using System.Text.Json;
using Wagi.TestCluster.Processes;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>A real etcd on a free port of 127.0.0.1, for one API server.</summary>
internal sealed class Etcd : IAsyncDisposable
{
    private readonly ServerProcess _process;

    private Etcd(ServerProcess process, Uri url)
    {
        _process = process;
        Url = url;
    }

    /// <summary>Where clients with a certificate of the authority reach it.</summary>
    public Uri Url { get; }

    /// <summary>Starts it with certificates and data in <paramref name="directory"/>, where <c>ca.pem</c> is the authority's certificate.</summary>
    /// <param name="directory">For its files.</param>
    /// <param name="authority">Issues its certificate.</param>
    /// <param name="isOk">GETs a URL with a client certificate and says whether the answer is a success.</param>
    /// <param name="cancellationToken">Stops the wait, and the server.</param>
    public static async Task<Etcd> StartAsync(
        TempDirectory directory, CertificateAuthority authority, Func<Uri, CancellationToken, Task<bool>> isOk, CancellationToken cancellationToken)
    {
        var certificate = authority.IssueServer("etcd");
        // Data that goes with the test needs no disk flushes; releases before 3.5 do not know the flag.
        var help = await Command.RunAsync("etcd", ["--help"], cancellationToken: cancellationToken);
        string[] noFsync = help.ToString().Contains("--unsafe-no-fsync", StringComparison.Ordinal) ? ["--unsafe-no-fsync"] : [];
        while (true)
        {
            var url = new Uri($"https://127.0.0.1:{FreePort.Pick()}");
            string[] args =
            [
                $"--data-dir={directory.PathOf("etcd")}",
                $"--listen-client-urls={url.OriginalString}",
                $"--advertise-client-urls={url.OriginalString}",
                "--listen-peer-urls=http://127.0.0.1:0",
                $"--cert-file={directory.Write("etcd.pem", certificate.CertificatePem)}",
                $"--key-file={directory.Write("etcd.key", certificate.PrivateKeyPem)}",
                $"--trusted-ca-file={directory.PathOf("ca.pem")}",
                "--client-cert-auth",
                .. noFsync,
            ];
            var process = await ServerProcess.TryStartAsync(
                "etcd", args, directory.PathOf("etcd.log"), token => isOk(new Uri(url, "health"), token), cancellationToken);
            if (process is not null) return new Etcd(process, url);
        }
    }

    /// <summary>
    /// Forgets every revision but the present one (etcd API v3, <c>KV.Compact</c>): a watch from an older one gets <c>410 Gone</c> of an API
    /// server that has not kept the events itself.
    /// </summary>
    /// <param name="client">Has a client certificate.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CompactAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var header = await PostAsync("v3/kv/range", """{ "key": "AA==", "count_only": true }""");
        var revision = header.RootElement.GetProperty("header").GetProperty("revision").GetString();
        using var compacted = await PostAsync("v3/kv/compaction", $$"""{ "revision": "{{revision}}", "physical": true }""");

        async Task<JsonDocument> PostAsync(string path, string json)
        {
            using var body = new StringContent(json);
            using var answer = await client.PostAsync(new Uri(Url, path), body, cancellationToken);
            answer.EnsureSuccessStatusCode();
            return await JsonDocument.ParseAsync(await answer.Content.ReadAsStreamAsync(cancellationToken), cancellationToken: cancellationToken);
        }
    }

    /// <summary>Kills it.</summary>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
