namespace Wagi.Runtime.Wasi;

/// <summary>WASI preview 1 <c>errno</c>, the values that are returned here.</summary>
internal enum Errno : ushort
{
    Success = 0,
    Badf = 8,
    Ilseq = 25,
    Inval = 28,
    Nomem = 48,
    Notdir = 54,
    Notsock = 57,
    Notsup = 58,
    Spipe = 70,
}
