using System.Security.Cryptography;
using System.Text;

namespace Wagi.Oci.Authentication;

/// <summary>
/// What a cached authorization is good for. The credential is part of it, as a hash, so that no caller profits from
/// another caller's rights.
/// </summary>
internal sealed record AuthorizationKey(string Registry, string Repository, string Actions, string Fingerprint)
{
    public static AuthorizationKey For(string registry, string repository, string actions, Credential? credential) =>
        new(registry, repository, actions, credential is null ? "" : FingerprintOf(credential));

    private static string FingerprintOf(Credential credential)
    {
        // The lengths keep the fields apart.
        var text = string.Join('\n', new[] { credential.Username, credential.Password, credential.IdentityToken, credential.RegistryToken }
            .Select(field => field is null ? "-" : $"{field.Length}:{field}"));
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
