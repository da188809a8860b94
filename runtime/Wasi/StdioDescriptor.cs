namespace Wagi.Runtime.Wasi;

/// <summary>What a descriptor of a guest without volumes leads to.</summary>
internal enum StdioDescriptor : byte
{
    Closed,
    Stdin,
    Stdout,
    Stderr,
}
