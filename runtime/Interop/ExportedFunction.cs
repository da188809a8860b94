namespace Wagi.Runtime.Interop;

/// <summary>A function that a module exports.</summary>
/// <param name="Utf8Name">Its name.</param>
/// <param name="Parameters">How many parameters it takes.</param>
/// <param name="Results">How many results it gives.</param>
internal sealed record ExportedFunction(byte[] Utf8Name, int Parameters, int Results);
