using System.Globalization;

namespace Wagi.Modules.Limits;

/// <summary>
/// A number of bytes in the form of Kubernetes quantities: <c>134217728</c>, <c>128Mi</c>, <c>1Gi</c>, <c>64M</c>.
/// Suffixes: <c>k M G T</c> (powers of 1000) and <c>Ki Mi Gi Ti</c> (powers of 1024).
/// </summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Factor)[] Suffixes =
    [
        ("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("Ti", 1L << 40),
        ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000), ("T", 1_000_000_000_000),
    ];

    /// <summary>Reads a size; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string? text, out long bytes, out string? error)
    {
        error = null;
        var digits = (text ?? "").AsSpan().Trim();
        var factor = 1L;
        foreach (var (suffix, value) in Suffixes)
        {
            if (digits.EndsWith(suffix, StringComparison.Ordinal))
            {
                digits = digits[..^suffix.Length];
                factor = value;
                break;
            }
        }

        if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out bytes)
            && bytes > 0 && bytes <= long.MaxValue / factor)
        {
            bytes *= factor;
            return true;
        }

        bytes = 0;
        error = $"'{text}' is not a size; write a positive number of bytes such as '64Mi', '1Gi' or '1048576'";
        return false;
    }

    /// <summary>The shortest exact form: <c>64Mi</c> for 67108864.</summary>
    public static string Format(long bytes)
    {
        for (var i = 3; i >= 0; i--)
        {
            var (suffix, factor) = Suffixes[i];
            if (bytes >= factor && bytes % factor == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / factor}{suffix}");
            }
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
