namespace Wagi.Operator.Rendering;

/// <summary>What <c>wagi-operator render</c> was told.</summary>
internal sealed record RenderOptions
{
    /// <summary>The folder with the manifests, or one file.</summary>
    public required string Manifests { get; init; }

    /// <summary>Where <c>modules.toml</c> goes; null: standard output.</summary>
    public string? Output { get; init; }

    /// <summary>Where the modules' secrets go, one file for each module; null: nowhere.</summary>
    public string? SecretsDirectory { get; init; }

    /// <summary>Where modules are looked for before their registry; null: nowhere.</summary>
    public string? ModuleDirectory { get; init; }

    /// <summary>Whether to go on when a manifest changes.</summary>
    public bool Watch { get; init; }

    /// <summary>Whether registries are asked for the digests of tags.</summary>
    public bool Resolve { get; init; }
}
