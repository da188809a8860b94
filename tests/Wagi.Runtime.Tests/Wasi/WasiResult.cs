namespace Wagi.Runtime.Tests.Wasi;

/// <summary>What could be seen of a guest from outside.</summary>
internal sealed record WasiResult(string End, string Stdout, string Stderr)
{
    /// <summary>The i32 values that the guest put.</summary>
    public int[] Results => Stderr.Length < 512
        ? []
        : [.. Enumerable.Range(0, 64).Select(i => BitConverter.ToInt32(Convert.FromHexString(Stderr.AsSpan(i * 8, 8))))];
}
