namespace Wagi.Runtime.Images;

/// <summary>What is in a memory when it begins: this, and zeros.</summary>
/// <param name="Start">Where in the memory it begins, at a page.</param>
/// <param name="Content">Whole pages, at least one.</param>
internal sealed record MemoryImage(long Start, ReadOnlyMemory<byte> Content);
