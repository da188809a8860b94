using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Wagi.Oci.Authentication;
using Wagi.Oci.Content;
using Wagi.Oci.References;
using Wagi.Oci.Remote;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>
/// A Spin application in a registry, as <c>spin registry push</c> writes it: layers as in <c>push_locked_core</c> and <c>assemble_layers</c> of Spin's
/// <c>crates/oci/src/client.rs</c>, the document as in its <c>crates/locked-app/src/locked.rs</c>.
/// </summary>
internal sealed class SpinArtifact
{
    private const string WasmLayer = "application/vnd.wasm.content.layer.v1+wasm";
    private const string DataLayer = "application/vnd.wasm.content.layer.v1+data";
    private const int MaxInlineSize = 128;

    private readonly List<(string MediaType, byte[] Content)> _layers = [];

    /// <summary>The document; what Spin writes into it and this does not is added by tests.</summary>
    public JsonObject Locked { get; } = new()
    {
        ["spin_lock_version"] = 0,
        ["metadata"] = new JsonObject { ["name"] = "shop", ["triggers"] = new JsonObject { ["http"] = new JsonObject { ["base"] = "/" } } },
        ["triggers"] = new JsonArray(),
        ["components"] = new JsonArray(),
    };

    /// <summary>Adds a component with an HTTP trigger; gives the component's object.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="route">Its route.</param>
    /// <param name="wat">Its module.</param>
    /// <param name="executor">How it is called; null: not said.</param>
    public JsonObject Add(string id, string route, string wat, JsonObject? executor = null)
    {
        var wasm = GuestEngine.ToWasm(Encoding.UTF8.GetBytes(wat));
        _layers.Add((WasmLayer, wasm));
        var config = new JsonObject { ["component"] = id, ["route"] = route };
        if (executor is not null)
        {
            config["executor"] = executor;
        }

        Locked["triggers"]!.AsArray().Add(new JsonObject { ["id"] = $"trigger-{id}", ["trigger_type"] = "http", ["trigger_config"] = config });
        var component = new JsonObject { ["id"] = id, ["metadata"] = new JsonObject(), ["source"] = Content(wasm, "content_type") };
        Locked["components"]!.AsArray().Add(component);
        return component;
    }

    /// <summary>Gives a component files.</summary>
    /// <param name="component">The component.</param>
    /// <param name="archive">Whether they are one layer, as with <c>SPIN_OCI_ARCHIVE_LAYERS</c>; the smallest are in the document all the same.</param>
    /// <param name="files">The files.</param>
    public void AddFiles(JsonObject component, bool archive, params (string Path, byte[] Content)[] files)
    {
        var list = new JsonArray();
        foreach (var (path, content) in files)
        {
            var file = Content(content);
            file["path"] = path;
            list.Add(file);
            if (!archive && content.Length > MaxInlineSize)
            {
                _layers.Add((DataLayer, content));
            }
        }

        component["files"] = list;
        if (archive)
        {
            _layers.Add((MediaTypes.SpinArchive, Archive(files)));
        }
    }

    /// <summary>Pushes it.</summary>
    public async Task<Reference> PushAsync(RegistryClient client, string reference, ICredentialStore? credentials = null, bool isOld = false)
    {
        var repository = client.Repository(Reference.Parse(reference), credentials);
        var locked = Encoding.UTF8.GetBytes(Locked.ToJsonString());
        var layers = new List<Descriptor>();
        foreach (var (mediaType, content) in _layers.DistinctBy(layer => Digest.Compute(layer.Content)))
        {
            layers.Add(await PushAsync(repository, mediaType, content));
        }

        var application = await PushAsync(repository, MediaTypes.SpinApplication, locked);
        var config = isOld ? application : await PushAsync(
            repository, "application/vnd.oci.image.config.v1+json", """{"architecture":"wasm","os":"Wasip1","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"""u8.ToArray());
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.ImageManifest,
            ["config"] = Describe(config),
            ["layers"] = new JsonArray([.. (isOld ? layers : layers.Append(application)).Select(Describe)]),
        };
        var pushed = await repository.PushManifestAsync(
            Encoding.UTF8.GetBytes(manifest.ToJsonString()), MediaTypes.ImageManifest, TestContext.Current.CancellationToken);
        return repository.Reference.WithDigest(pushed.Digest);
    }

    private static JsonObject Content(byte[] bytes, string? type = null)
    {
        var content = new JsonObject { ["digest"] = Digest.Compute(bytes).ToString() };
        if (type is not null)
        {
            content[type] = "application/wasm";
        }

        if (bytes.Length <= MaxInlineSize)
        {
            content["inline"] = Convert.ToBase64String(bytes);
        }

        return content;
    }

    private static byte[] Archive((string Path, byte[] Content)[] files)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        using (var archive = new TarWriter(gzip))
        {
            foreach (var (path, content) in files)
            {
                archive.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content) });
            }
        }

        return packed.ToArray();
    }

    private static async Task<Descriptor> PushAsync(Repository repository, string mediaType, byte[] content)
    {
        var descriptor = new Descriptor { MediaType = mediaType, Digest = Digest.Compute(content), Size = content.Length };
        await repository.PushBlobAsync(descriptor, () => new MemoryStream(content), TestContext.Current.CancellationToken);
        return descriptor;
    }

    private static JsonObject Describe(Descriptor descriptor) => new()
    {
        ["mediaType"] = descriptor.MediaType,
        ["digest"] = descriptor.Digest.ToString(),
        ["size"] = descriptor.Size,
    };
}
