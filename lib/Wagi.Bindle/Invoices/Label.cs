using System.Collections.Immutable;

namespace Wagi.Bindle.Invoices;

/// <summary>What a parcel is (Bindle's label specification).</summary>
public sealed record Label
{
    /// <summary>SHA-256 of its bytes, 64 lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Its media type.</summary>
    public required string MediaType { get; init; }

    /// <summary>Its file name, possibly with folders; empty when the invoice gives none.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many bytes it has; null when the invoice does not say.</summary>
    public long? Size { get; init; }

    /// <summary><c>feature.wagi</c>: what the parcel is for a WAGI server; empty when there is nothing.</summary>
    public ImmutableSortedDictionary<string, string> Wagi { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The name for messages, or the hash where there is no name.</summary>
    public string DisplayName => Name.Length > 0 ? Name : Sha256;
}
