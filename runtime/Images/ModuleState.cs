using System.Collections.Immutable;

namespace Wagi.Runtime.Images;

/// <summary>What an instance of a module has made of its globals and tables; its memory is kept apart.</summary>
/// <param name="Globals">The value of each of <see cref="InitializableModule.Globals"/>.</param>
/// <param name="Tables">
/// The functions in each of <see cref="InitializableModule.Tables"/>, by index, null where there is none; null: the table is as it began.
/// </param>
internal sealed record ModuleState(ImmutableArray<WasmValue> Globals, ImmutableArray<uint?[]?> Tables);

/// <summary>The value of a global: bits of a number, or a function.</summary>
/// <param name="Bits">Of a number or vector, little-endian.</param>
/// <param name="Function">The index of the function that it refers to; null: none.</param>
internal readonly record struct WasmValue(UInt128 Bits, uint? Function = null);
