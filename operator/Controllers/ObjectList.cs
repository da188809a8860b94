using System.Collections.Immutable;

namespace Wagi.Operator.Controllers;

/// <summary>All objects of a query, and from where to watch.</summary>
internal sealed record ObjectList<T>(ImmutableArray<T> Items, string ResourceVersion);
