using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.Errors;
using Wagi.Oci.References;
using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>Pushes a <c>.wasm</c> file as an artifact that this project, ORAS and other Wasm runtimes can read. Thread-safe.</summary>
/// <param name="client">Connections; stays the caller's.</param>
public sealed class ModulePublisher(RegistryClient client)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private static readonly byte[] EmptyConfig = [.. "{}"u8];

    /// <summary>Whether something can be published.</summary>
    /// <param name="module">Perhaps a Wasm binary.</param>
    /// <param name="name">Its file name, for the message.</param>
    /// <exception cref="OciException"><see cref="OciErrorKind.UnsupportedArtifact"/>: it is not Wasm.</exception>
    public static void Check(byte[] module, string name)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!WasmBinary.IsWasm(module))
        {
            var hint = name.EndsWith(".wat", StringComparison.OrdinalIgnoreCase) ? "; compile the text format first (wat2wasm)" : "";
            throw new OciException(OciErrorKind.UnsupportedArtifact, $"{name} is not a Wasm binary: it does not begin with \\0asm{hint}");
        }
    }

    /// <summary>Pushes the layer, the config and, last, the manifest under the reference's tag.</summary>
    /// <param name="file">Path of a Wasm binary: a core module or a component.</param>
    /// <param name="reference">The destination: a tag, without a digest.</param>
    /// <param name="options">The options; null: the CNCF's layout, with the time in <c>SOURCE_DATE_EPOCH</c>.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    /// <param name="cancellationToken">Ends the push.</param>
    /// <exception cref="OciException">With the cause; <see cref="OciErrorKind.UnsupportedArtifact"/> if the file is not Wasm.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public async Task<PublishedModule> PublishAsync(
        string file,
        Reference reference,
        PublishOptions? options = null,
        ICredentialStore? credentials = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);

        // As a whole, not streamed: digest and upload must see the same bytes even if a build rewrites the file meanwhile.
        var module = await File.ReadAllBytesAsync(file, cancellationToken);
        return await PublishAsync(module, file, reference, options, credentials, cancellationToken);
    }

    /// <summary>As the other overload, with the bytes of the module.</summary>
    /// <param name="module">A Wasm binary: a core module or a component.</param>
    /// <param name="name">Its file name in messages, and in the artifact unless the options give a title.</param>
    /// <param name="reference">The destination: a tag, without a digest.</param>
    /// <param name="options">The options; null: the CNCF's layout, with the time in <c>SOURCE_DATE_EPOCH</c>.</param>
    /// <param name="credentials">Where credentials come from; anonymous if null.</param>
    /// <param name="cancellationToken">Ends the push.</param>
    /// <exception cref="OciException">With the cause; <see cref="OciErrorKind.UnsupportedArtifact"/> if it is not Wasm.</exception>
    public async Task<PublishedModule> PublishAsync(
        byte[] module,
        string name,
        Reference reference,
        PublishOptions? options = null,
        ICredentialStore? credentials = null,
        CancellationToken cancellationToken = default)
    {
        Check(module, name);
        ArgumentNullException.ThrowIfNull(reference);
        if (reference.Digest is not null)
        {
            throw new OciException(
                OciErrorKind.InvalidReference,
                $"{reference}: a module is pushed to a tag, its digest is what comes out; leave out '@{reference.Digest}'");
        }

        options ??= new PublishOptions { Created = PublishOptions.CreatedFromEnvironment() };
        var layer = new Descriptor
        {
            MediaType = options.Layout == PublishLayout.Cncf ? MediaTypes.Wasm : MediaTypes.WasmToOciLayer,
            Digest = Digest.Compute(module),
            Size = module.Length,
            Annotations = new(StringComparer.Ordinal) { [AnnotationKeys.Title] = options.Title ?? Path.GetFileName(name) },
        };
        var config = options.Layout == PublishLayout.Cncf ? Config(name, module, layer, options) : EmptyConfig;
        var manifest = new Manifest
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.ImageManifest,
            Config = new Descriptor
            {
                MediaType = options.Layout == PublishLayout.Cncf ? MediaTypes.WasmConfig : MediaTypes.WasmToOciConfig,
                Digest = Digest.Compute(config),
                Size = config.Length,
            },
            Layers = [layer],
            Annotations = ManifestAnnotations(options),
        };

        var repository = client.Repository(reference, credentials);
        var uploaded = await repository.PushBlobAsync(layer, () => new MemoryStream(module, writable: false), cancellationToken);
        await repository.PushBlobAsync(manifest.Config, () => new MemoryStream(config, writable: false), cancellationToken);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, ContentJsonContext.Default.Manifest);
        var pushed = await repository.PushManifestAsync(bytes, MediaTypes.ImageManifest, cancellationToken);
        return new PublishedModule(reference.WithDigest(pushed.Digest), pushed, layer, uploaded);
    }

    private static byte[] Config(string file, byte[] module, Descriptor layer, PublishOptions options)
    {
        try
        {
            var component = WasmBinary.IsComponent(module);
            var config = new WasmConfig
            {
                Created = Time(options.Created ?? DateTimeOffset.UnixEpoch),
                Architecture = "wasm",
                OperatingSystem = component ? "wasip2" : "wasip1",
                LayerDigests = [layer.Digest],
                Component = component ? ComponentReader.Read(module) : null,
            };
            return JsonSerializer.SerializeToUtf8Bytes(config, ModulesJsonContext.Default.WasmConfig);
        }
        catch (InvalidDataException exception)
        {
            throw new OciException(OciErrorKind.UnsupportedArtifact, $"{file}: {exception.Message}", innerException: exception);
        }
    }

    private static SortedDictionary<string, string?>? ManifestAnnotations(PublishOptions options)
    {
        var annotations = new SortedDictionary<string, string?>(StringComparer.Ordinal);
        if (options.Created is { } created)
        {
            annotations[AnnotationKeys.Created] = Time(created);
        }

        foreach (var (key, value) in options.Annotations)
        {
            annotations[key] = value;
        }

        return annotations.Count == 0 ? null : annotations;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}

/// <summary>What was pushed.</summary>
/// <param name="Reference">The reference with the manifest's digest, which means these bytes forever.</param>
/// <param name="Manifest">The manifest.</param>
/// <param name="Layer">The layer, which is the Wasm binary.</param>
/// <param name="Uploaded">False if the repository already had the layer.</param>
public sealed record PublishedModule(Reference Reference, Descriptor Manifest, Descriptor Layer, bool Uploaded);

/// <summary>The configuration of a Wasm artifact (CNCF TAG Runtime, "Wasm OCI Artifact layout").</summary>
internal sealed record WasmConfig
{
    /// <summary>RFC 3339.</summary>
    public required string Created { get; init; }

    /// <summary>Always <c>wasm</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary><c>wasip1</c> for a core module, <c>wasip2</c> for a component.</summary>
    [JsonPropertyName("os")]
    public required string OperatingSystem { get; init; }

    /// <summary>The digests of the layers in their order.</summary>
    public required IReadOnlyList<Digest> LayerDigests { get; init; }

    /// <summary>Present exactly for a component.</summary>
    public ComponentInterface? Component { get; init; }
}

/// <summary>Source-generated JSON for configurations, which are only written.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Serialization,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WasmConfig))]
internal sealed partial class ModulesJsonContext : JsonSerializerContext;
