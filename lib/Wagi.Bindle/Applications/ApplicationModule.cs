using System.Collections.Immutable;
using Wagi.Bindle.Invoices;
using Wagi.Modules.Configuration;

namespace Wagi.Bindle.Applications;

/// <summary>A parcel that answers a route.</summary>
/// <param name="Entry">What is to be served, as if it stood in <c>modules.toml</c>; its id is its route.</param>
/// <param name="Module">The parcel with the WebAssembly.</param>
/// <param name="Files">The parcels that it finds as files below <c>/</c>, each under the name in its label, which stays inside.</param>
public sealed record ApplicationModule(ModuleEntry Entry, Label Module, ImmutableArray<Label> Files);
