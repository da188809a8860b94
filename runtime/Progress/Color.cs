namespace Wagi.Runtime.Progress;

/// <summary>Colors of a text, as terminals number them (ECMA-48, SGR).</summary>
internal enum Color
{
    None,
    Red = 31,
    Green = 32,
    Yellow = 33,
}

/// <summary>Puts texts in colors.</summary>
internal static class Colors
{
    /// <summary>A text in this color.</summary>
    public static string Paint(this Color color, string text) => color == Color.None ? text : $"\e[{(int)color}m{text}\e[0m";
}
