using System.Collections.Immutable;
using Wagi.Bindle.References;
using Wagi.Modules.Problems;

namespace Wagi.Bindle.Applications;

/// <summary>A bindle that is served as a whole.</summary>
/// <param name="Name">The bindle.</param>
/// <param name="Modules">What can be served, in the order of the invoice; no two have one route.</param>
/// <param name="Problems">What cannot, and why.</param>
public sealed record BindleApplication(BindleName Name, ImmutableArray<ApplicationModule> Modules, ImmutableArray<Problem> Problems);
