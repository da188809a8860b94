using System.Collections.Immutable;
using Wagi.Bindle.References;

namespace Wagi.Bindle.Invoices;

/// <summary>The list of everything that a bindle consists of (Bindle's invoice specification).</summary>
public sealed record Invoice
{
    /// <summary>Media type of a parcel that is a module.</summary>
    public const string WasmMediaType = "application/wasm";

    /// <summary>The bindle.</summary>
    public required BindleName Name { get; init; }

    /// <summary>Whether it was withdrawn: it can still be read, but should not be used any more.</summary>
    public bool IsYanked { get; init; }

    /// <summary>The groups that are declared.</summary>
    public ImmutableHashSet<string> Groups { get; init; } = [];

    /// <summary>The parcels that can be used, in the order of the invoice.</summary>
    public ImmutableArray<Parcel> Parcels { get; init; } = [];

    /// <summary>Why the others cannot be used, one sentence for each.</summary>
    public ImmutableArray<string> UnusableParcels { get; init; } = [];

    /// <summary>The modules: Wasm parcels that belong to the global group only.</summary>
    public IEnumerable<Parcel> Modules =>
        Parcels.Where(parcel => parcel.MemberOf.IsEmpty && parcel.Label.MediaType == WasmMediaType);

    /// <summary>
    /// The parcels of the groups that a parcel requires, and of those that they require in turn, each once, in the order of the
    /// invoice.
    /// </summary>
    public ImmutableArray<Parcel> RequiredBy(Parcel parcel)
    {
        ArgumentNullException.ThrowIfNull(parcel);
        var groups = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(parcel.Requires);
        while (open.TryDequeue(out var group))
        {
            if (groups.Add(group))
            {
                foreach (var next in Parcels.Where(member => member.MemberOf.Contains(group)).SelectMany(member => member.Requires))
                {
                    open.Enqueue(next);
                }
            }
        }

        return [.. Parcels.Where(member => member.MemberOf.Any(groups.Contains))];
    }
}

/// <summary>One file of a bindle, and how it takes part in it.</summary>
/// <param name="Label">What it is.</param>
/// <param name="MemberOf">The groups that it belongs to; empty: the global group, which is always needed.</param>
/// <param name="Requires">The groups that it needs.</param>
public sealed record Parcel(Label Label, ImmutableArray<string> MemberOf, ImmutableArray<string> Requires);

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
