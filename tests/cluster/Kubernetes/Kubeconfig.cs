using System.Text;

namespace Wagi.TestCluster.Kubernetes;

/// <summary>Writes kubeconfig files with everything inside, so that one file can be copied or mounted anywhere.</summary>
internal static class Kubeconfig
{
    public static string For(Uri server, string authorityPem, string user, IssuedCertificate certificate) =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: wagi-test
        contexts:
        - name: wagi-test
          context: { cluster: wagi-test, user: "{{user}}" }
        clusters:
        - name: wagi-test
          cluster:
            server: {{server.GetLeftPart(UriPartial.Authority)}}
            certificate-authority-data: {{Base64(authorityPem)}}
        users:
        - name: "{{user}}"
          user:
            client-certificate-data: {{Base64(certificate.CertificatePem)}}
            client-key-data: {{Base64(certificate.PrivateKeyPem)}}

        """;

    /// <summary>For a proxy, over plain HTTP, that says who it is itself. A user must have something to say, too.</summary>
    public static string Over(string address) =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: wagi-test
        contexts:
        - name: wagi-test
          context: { cluster: wagi-test, user: nobody }
        clusters:
        - name: wagi-test
          cluster: { server: "http://{{address}}" }
        users:
        - name: nobody
          user: { token: none }

        """;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
