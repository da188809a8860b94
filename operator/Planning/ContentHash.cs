using System.Security.Cryptography;
using System.Text;

namespace Wagi.Operator.Planning;

/// <summary>Short marks that change when their source does.</summary>
internal static class ContentHash
{
    private const int Bytes = 8;

    /// <summary>The first 16 hexadecimal digits of the SHA-256 of the parts, with a NUL after each so that different lists never read the same.</summary>
    public static string Of(params IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(part));
            hash.AppendData("\0"u8);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, Bytes));
    }
}
