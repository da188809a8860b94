using System.Collections.Immutable;

namespace Wagi.Bindle.Invoices;

/// <summary>One file of a bindle, and how it takes part in it.</summary>
/// <param name="Label">What it is.</param>
/// <param name="MemberOf">The groups that it belongs to; empty: the global group, which is always wanted.</param>
/// <param name="Requires">The groups that are wanted because of it.</param>
public sealed record Parcel(Label Label, ImmutableArray<string> MemberOf, ImmutableArray<string> Requires);
