namespace Wagi.Oci.Modules;

/// <summary>How to push a module. The same file with the same options always gives the same digest.</summary>
public sealed class PublishOptions
{
    /// <summary>The form of the artifact.</summary>
    public PublishLayout Layout { get; init; } = PublishLayout.Cncf;

    /// <summary>
    /// When the module was built: the annotation <c>org.opencontainers.image.created</c> and the config's <c>created</c>. Null leaves the
    /// annotation out and puts 1970-01-01 into the config, which must have a time.
    /// </summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>The name that ORAS gives the file when it pulls; null: the name of the pushed file.</summary>
    public string? Title { get; init; }

    /// <summary>Further annotations of the manifest.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// The time in <c>SOURCE_DATE_EPOCH</c> (seconds since 1970, reproducible-builds.org); null if it is not set.
    /// </summary>
    /// <exception cref="FormatException">It is set, but not to such a number.</exception>
    public static DateTimeOffset? CreatedFromEnvironment()
    {
        var text = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }
        // DateTimeOffset ends with the year 9999.
        return long.TryParse(text, System.Globalization.NumberStyles.None, null, out var seconds) && seconds <= 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new FormatException($"SOURCE_DATE_EPOCH is '{text}'; expected the number of seconds since 1970");
    }
}

/// <summary>The form of a pushed artifact.</summary>
public enum PublishLayout
{
    /// <summary>The CNCF Wasm OCI artifact: layer <c>application/wasm</c>, config <c>application/vnd.wasm.config.v0+json</c>.</summary>
    Cncf,

    /// <summary>As wasm-to-oci does it: layer <c>application/vnd.wasm.content.layer.v1+wasm</c>, an empty config.</summary>
    WasmToOci,
}
