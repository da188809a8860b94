using System.Security.Cryptography;
using System.Text;

namespace Wagi.Oci.Authentication;

/// <summary>What tells a registry who is asking. Its text form never shows a secret.</summary>
public sealed class Credential
{
    private Credential(string? username, string? password, string? identityToken, string? registryToken)
    {
        Username = username;
        Password = password;
        IdentityToken = identityToken;
        RegistryToken = registryToken;
    }

    internal string? Username { get; }

    internal string? Password { get; }

    internal string? IdentityToken { get; }

    internal string? RegistryToken { get; }

    /// <summary>
    /// Equal for equal credentials, for a key in memory. Not for a log or a file: a hash of a short password gives it away.
    /// </summary>
    public string Fingerprint
    {
        get
        {
            // The lengths keep the parts apart.
            var text = string.Join('\n', new[] { Username, Password, IdentityToken, RegistryToken }
                .Select(part => part is null ? "-" : $"{part.Length}:{part}"));
            return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        }
    }

    /// <summary>A user name and a password or access token.</summary>
    public static Credential Basic(string username, string password)
    {
        ArgumentNullException.ThrowIfNull(username);
        ArgumentNullException.ThrowIfNull(password);
        return new(username, password, null, null);
    }

    /// <summary>An OAuth2 refresh token, which Docker's configuration calls <c>identitytoken</c>.</summary>
    public static Credential Refresh(string identityToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(identityToken);
        return new(null, null, identityToken, null);
    }

    /// <summary>A bearer token that the registry takes as it is, which Docker's configuration calls <c>registrytoken</c>.</summary>
    public static Credential Bearer(string registryToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(registryToken);
        return new(null, null, null, registryToken);
    }

    /// <summary>The kind of credential, without its secret.</summary>
    public override string ToString() =>
        RegistryToken is not null ? "registry token" : IdentityToken is not null ? "identity token" : $"user {Username}";
}
