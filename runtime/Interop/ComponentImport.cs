namespace Wagi.Runtime.Interop;

/// <summary>An import of a component.</summary>
/// <param name="Name">Its name, for an interface with the version: <c>wasi:cli/stdout@0.2.3</c>.</param>
/// <param name="Items">What it wants of that interface; null when the import is no interface.</param>
internal sealed record ComponentImport(string Name, IReadOnlyList<(string Name, ComponentItemKind Kind)>? Items);
