using Wagi.Oci.Content;
using Wagi.Oci.References;

namespace Wagi.Oci.Modules;

/// <summary>What was pushed.</summary>
/// <param name="Reference">The reference with the manifest's digest: it means these bytes for ever.</param>
/// <param name="Manifest">The manifest.</param>
/// <param name="Layer">The layer, which is the Wasm binary.</param>
/// <param name="Uploaded">False if the repository had the layer already.</param>
public sealed record PublishedModule(Reference Reference, Descriptor Manifest, Descriptor Layer, bool Uploaded);
