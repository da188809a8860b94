using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Wagi.Modules.Limits;

/// <summary>How many requests a module answers in a time: <c>100/s</c>, <c>1000/m</c>, <c>10/h</c>.</summary>
/// <param name="Requests">1 to <see cref="MaxRequests"/>.</param>
/// <param name="Period">A second, a minute, or an hour.</param>
public sealed record RequestRate(int Requests, TimeSpan Period)
{
    /// <summary>The largest number.</summary>
    public const int MaxRequests = 999_999;

    private static readonly (char Unit, TimeSpan Period)[] Units =
        [('s', TimeSpan.FromSeconds(1)), ('m', TimeSpan.FromMinutes(1)), ('h', TimeSpan.FromHours(1))];

    /// <summary>Reads a rate; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out RequestRate? rate, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        (rate, error) = (null, null);
        if (text is [.. var number, '/', var unit] && number is not ['0', ..]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var requests) && requests is >= 1 and <= MaxRequests)
        {
            foreach (var (name, period) in Units)
            {
                rate = name == unit ? new RequestRate(requests, period) : rate;
            }
        }

        error = rate is null ? $"'{text}' is not a number of requests, 1 to {MaxRequests}, in a second, a minute or an hour; write for example '100/s', '1000/m' or '10/h'" : null;
        return rate is not null;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Requests}/{Units.First(unit => unit.Period == Period).Unit}");
}
