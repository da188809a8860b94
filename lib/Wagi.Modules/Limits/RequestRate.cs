using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Wagi.Modules.Limits;

/// <summary>How many requests a module answers in a time: <c>100/s</c>, <c>1000/m</c>, <c>10/h</c>.</summary>
/// <param name="Requests">1 to <see cref="MaxRequests"/>.</param>
/// <param name="Period">A second, a minute, or an hour.</param>
public readonly record struct RequestRate(int Requests, TimeSpan Period)
{
    /// <summary>The largest number.</summary>
    public const int MaxRequests = 999_999;

    private static readonly (char Unit, TimeSpan Period)[] Units =
        [('s', TimeSpan.FromSeconds(1)), ('m', TimeSpan.FromMinutes(1)), ('h', TimeSpan.FromHours(1))];

    /// <summary>Reads a rate; <paramref name="error"/> says what is wrong with it.</summary>
    public static bool TryParse(string text, out RequestRate rate, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        RequestRate? found = null;
        if (text is [.. var number, '/', var unit] && number is not ['0', ..]
            && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var requests) && requests is >= 1 and <= MaxRequests)
        {
            foreach (var (name, period) in Units)
            {
                found = name == unit ? new RequestRate(requests, period) : found;
            }
        }

        error = found is null ? $"'{text}' is not a number of requests, 1 to {MaxRequests}, in a second, a minute or an hour; write for example '100/s', '1000/m' or '10/h'" : null;
        rate = found.GetValueOrDefault();
        return found is not null;
    }

    /// <summary>
    /// Whether it lets more pass than another does: in the long run, or at once. All of an hour's requests may come in its first second, so
    /// <c>3600/h</c> is more than <c>1/s</c>.
    /// </summary>
    public bool Exceeds(RequestRate other) => Requests > other.Requests || Requests * other.Period.Ticks > other.Requests * Period.Ticks;

    /// <summary>As it is written.</summary>
    public override string ToString()
    {
        var period = Period;
        return string.Create(CultureInfo.InvariantCulture, $"{Requests}/{Units.First(unit => unit.Period == period).Unit}");
    }
}
