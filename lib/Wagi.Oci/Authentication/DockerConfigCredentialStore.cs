using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Authentication;

/// <summary>
/// Credentials from Docker's configuration: a Kubernetes Secret of type <c>kubernetes.io/dockerconfigjson</c> or
/// <c>kubernetes.io/dockercfg</c>, or the file that <c>docker login</c> writes.
/// </summary>
public sealed class DockerConfigCredentialStore : ICredentialStore
{
    private const string DockerHubKey = "https://index.docker.io/v1/";

    private readonly (RegistryPattern Pattern, Credential Credential)[] _entries;
    private readonly Dictionary<string, string?> _helpers;
    private readonly string? _defaultHelper;

    private DockerConfigCredentialStore(
        IEnumerable<KeyValuePair<string, DockerAuth?>> auths,
        Dictionary<string, string?>? helpers,
        string? defaultHelper)
    {
        _entries = [.. auths
            .Select(entry => (Pattern: RegistryPattern.Parse(entry.Key), Credential: ToCredential(entry.Key, entry.Value)))
            .Where(entry => entry.Credential is not null)
            .Select(entry => (entry.Pattern, entry.Credential!))
            .OrderByDescending(entry => entry.Pattern.Specificity)];
        _helpers = helpers ?? [];
        _defaultHelper = string.IsNullOrEmpty(defaultHelper) ? null : defaultHelper;
    }

    /// <summary>
    /// Reads the credentials in a pull secret: the value of <c>.dockerconfigjson</c>, or the older <c>.dockercfg</c>, which has no
    /// <c>auths</c> around them. Credential helpers that it names are ignored: a Secret must not choose programs to run.
    /// </summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Credentials"/> when it is neither.</exception>
    public static DockerConfigCredentialStore FromPullSecret(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        const string Where = "the pull secret";
        var bytes = Encoding.UTF8.GetBytes(json);
        var config = Read(bytes, Where, AuthenticationJsonContext.Default.DockerConfig) ?? new DockerConfig();
        var isOlder = config is { Auths: null, CredHelpers: null, CredsStore: null };
        return new((isOlder ? Read(bytes, Where, AuthenticationJsonContext.Default.DictionaryStringDockerAuth) : config.Auths) ?? [], null, null);
    }

    /// <summary>
    /// Reads <c>$DOCKER_CONFIG/config.json</c>, or else <c>~/.docker/config.json</c>, and uses the credential helpers that it names: for the
    /// command line, where file and helpers belong to the user. No file: no credentials.
    /// </summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Credentials"/> when the file is not such a document or not readable.</exception>
    public static DockerConfigCredentialStore FromUserConfiguration()
    {
        var folder = Environment.GetEnvironmentVariable("DOCKER_CONFIG");
        if (string.IsNullOrEmpty(folder))
        {
            folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        }

        return FromFile(Path.Combine(folder, "config.json"));
    }

    /// <summary>Reads a <c>config.json</c> and uses the credential helpers that it names. No file: no credentials.</summary>
    /// <exception cref="OciException"><see cref="OciErrorKind.Credentials"/> when the file is not such a document or not readable.</exception>
    public static DockerConfigCredentialStore FromFile(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return new([], null, null);
            }

            var config = Read(File.ReadAllBytes(path), path, AuthenticationJsonContext.Default.DockerConfig) ?? new DockerConfig();
            return new(config.Auths ?? [], config.CredHelpers, config.CredsStore);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OciException(OciErrorKind.Credentials, $"{path} cannot be read: {exception.Message}", innerException: exception);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<Credential>> FindAsync(string registry, string repository, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(registry);
        var helper = _helpers.FirstOrDefault(entry => RegistryPattern.Parse(entry.Key).Matches(registry, "")).Value ?? _defaultHelper;
        if (helper is not null)
        {
            var server = registry == References.Reference.DockerHub ? DockerHubKey : registry;
            if (await CredentialHelper.GetAsync(helper, server, cancellationToken) is { } credential)
            {
                return [credential];
            }
        }

        return FindStored(registry, repository);
    }

    /// <summary>The credentials that the configuration itself holds, without those of its helpers, the most specific first.</summary>
    /// <param name="registry">As for <see cref="FindAsync"/>.</param>
    /// <param name="repository">Name of the repository.</param>
    public IReadOnlyList<Credential> FindStored(string registry, string repository) =>
        [.. _entries.Where(entry => entry.Pattern.Matches(registry, repository)).Select(entry => entry.Credential)];

    private static T? Read<T>(ReadOnlySpan<byte> json, string where, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException exception)
        {
            // The serializer's message may quote the value at fault, which may be a secret: only the place is told.
            throw new OciException(
                OciErrorKind.Credentials,
                $"{where} is not a Docker configuration: JSON error at line {exception.LineNumber + 1}, position {exception.BytePositionInLine + 1}");
        }
    }

    private static Credential? ToCredential(string key, DockerAuth? auth)
    {
        if (!string.IsNullOrEmpty(auth?.RegistryToken))
        {
            return Credential.Bearer(auth.RegistryToken);
        }

        if (!string.IsNullOrEmpty(auth?.IdentityToken))
        {
            return Credential.Refresh(auth.IdentityToken);
        }

        if (!string.IsNullOrEmpty(auth?.Auth))
        {
            return FromBase64(key, auth.Auth);
        }

        return string.IsNullOrEmpty(auth?.Username) ? null : Credential.Basic(auth.Username, auth.Password ?? "");
    }

    private static Credential FromBase64(string key, string auth)
    {
        try
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(auth)).TrimEnd('\0');
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0)
            {
                return Credential.Basic(text[..colon], text[(colon + 1)..]);
            }
        }
        catch (FormatException)
        {
            // The same error as below, without the exception's text, which could quote the secret.
        }

        throw new OciException(
            OciErrorKind.Credentials,
            $"Docker credentials for '{key}' are malformed: 'auth' must be base64 of user:password");
    }
}

/// <summary>The parts of Docker's <c>config.json</c> that concern credentials.</summary>
internal sealed class DockerConfig
{
    public Dictionary<string, DockerAuth?>? Auths { get; init; }

    public Dictionary<string, string?>? CredHelpers { get; init; }

    public string? CredsStore { get; init; }
}

/// <summary>One entry below <c>auths</c>.</summary>
internal sealed class DockerAuth
{
    /// <summary>Base64 of <c>user:password</c>; takes precedence over the two separate fields.</summary>
    public string? Auth { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }

    [JsonPropertyName("registrytoken")]
    public string? RegistryToken { get; init; }
}

/// <summary>Source-generated JSON for credential files and the answers of helpers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(DockerConfig))]
[JsonSerializable(typeof(Dictionary<string, DockerAuth?>))]
[JsonSerializable(typeof(HelperAnswer))]
internal sealed partial class AuthenticationJsonContext : JsonSerializerContext;
