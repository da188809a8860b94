using System.Buffers;
using System.Globalization;
using System.Text;

namespace Wagi.Modules.Limits;

/// <summary>
/// A length of time in the form of Go and Kubernetes: <c>30s</c>, <c>1m30s</c>, <c>500ms</c>, <c>2h</c>. A plain number is seconds.
/// </summary>
public static class Duration
{
    private static readonly (string Unit, long Milliseconds)[] Units =
        [("h", 3_600_000), ("ms", 1), ("m", 60_000), ("s", 1_000)];

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>
    /// Reads a duration from <see cref="ModuleLimits.MinTimeout"/> to <see cref="ModuleLimits.MaxTimeout"/>; <paramref name="error"/> says what is
    /// wrong with it.
    /// </summary>
    public static bool TryParse(string? text, out TimeSpan duration, out string? error)
    {
        error = null;
        duration = default;
        if (TryParseMilliseconds((text ?? "").AsSpan().Trim(), out var milliseconds)
            && milliseconds >= ModuleLimits.MinTimeout.TotalMilliseconds && milliseconds <= ModuleLimits.MaxTimeout.TotalMilliseconds)
        {
            duration = TimeSpan.FromMilliseconds(milliseconds);
            return true;
        }

        error = $"'{text}' is not a duration between {Format(ModuleLimits.MinTimeout)} and {Format(ModuleLimits.MaxTimeout)}; write for example '30s', '1m30s' or '500ms'";
        return false;
    }

    private static bool TryParseMilliseconds(ReadOnlySpan<char> rest, out double milliseconds)
    {
        milliseconds = 0;
        if (double.TryParse(rest, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            milliseconds = seconds * 1000;
            return true;
        }

        while (!rest.IsEmpty)
        {
            var length = rest.IndexOfAnyExcept(NumberCharacters);
            if (length <= 0
                || !double.TryParse(rest[..length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            rest = rest[length..];
            var factor = 0L;
            foreach (var (unit, value) in Units)
            {
                if (rest.StartsWith(unit, StringComparison.Ordinal))
                {
                    rest = rest[unit.Length..];
                    factor = value;
                    break;
                }
            }

            if (factor == 0)
            {
                return false;
            }

            milliseconds += number * factor;
        }

        return milliseconds > 0;
    }

    /// <summary>The duration in the form that <see cref="TryParse"/> reads: <c>1m30s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        var rest = (long)duration.TotalMilliseconds;
        var text = new StringBuilder();
        foreach (var (unit, value) in Units.OrderByDescending(unit => unit.Milliseconds))
        {
            if (rest >= value)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / value}{unit}");
                rest %= value;
            }
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }
}
