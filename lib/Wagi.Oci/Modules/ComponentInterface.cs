namespace Wagi.Oci.Modules;

/// <summary>What a component needs and offers, by name (CNCF TAG Runtime, "Wasm OCI Artifact layout").</summary>
/// <param name="Exports">Names of the exports.</param>
/// <param name="Imports">Names of the imports.</param>
internal sealed record ComponentInterface(IReadOnlyList<string> Exports, IReadOnlyList<string> Imports);
