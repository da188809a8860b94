namespace Wagi.Operator.Planning;

/// <summary>Settings of the operator that change a plan.</summary>
public sealed record PlanSettings
{
    /// <summary>Where clients reach the runtimes, for <c>status.url</c>: <c>https://wagi.example.com</c>; null: unknown.</summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>
    /// Whether a tag becomes the digest that it has now. True in a cluster, where every runtime must serve the same bytes; false for
    /// <c>render</c> without <c>--resolve</c>, where the entry keeps the tag.
    /// </summary>
    public bool ResolveTags { get; init; } = true;

    /// <summary>
    /// Bytes of <c>modules.toml</c> at the most. A ConfigMap holds 1 MiB of data in all (<c>core/v1</c> validation), some of which is left
    /// to keys and metadata.
    /// </summary>
    public int MaxTomlBytes { get; init; } = 1_000_000;

    /// <summary>Bytes of the generated Secret's data at the most, keys included; the limit is that of a ConfigMap.</summary>
    public int MaxSecretBytes { get; init; } = 1_000_000;
}
