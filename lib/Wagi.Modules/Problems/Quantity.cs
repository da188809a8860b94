using System.Globalization;

namespace Wagi.Modules.Problems;

/// <summary>A number of things, as a person writes it.</summary>
public static class Quantity
{
    /// <summary><c>1 module</c>, <c>2 modules</c>.</summary>
    public static string Of(int number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
