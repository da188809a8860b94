namespace Wagi.Modules.Configuration;

/// <summary>Whether a module's initialization is run once, when it is compiled, instead of at the beginning of each request.</summary>
public enum Preinitialization
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It is, and it gets no random numbers: they would be the same in every request.</summary>
    Deterministic,

    /// <summary>It is, and it gets random numbers, made on this node.</summary>
    WithRandom,
}

/// <summary>How <see cref="Preinitialization"/> is written: <c>true</c> or <c>false</c>, and one word.</summary>
public static class Preinitializations
{
    /// <summary>The word for <see cref="Preinitialization.WithRandom"/>.</summary>
    public const string WithRandom = "with-random";

    /// <summary>What may be written, for messages.</summary>
    internal const string Values = $"{Deterministic}, {None} or \"{WithRandom}\"";

    private const string Deterministic = "true";
    private const string None = "false";

    /// <summary>Reads it.</summary>
    /// <returns>False: it is none of the values.</returns>
    public static bool TryParse(string text, out Preinitialization value)
    {
        (var isKnown, value) = text switch
        {
            None => (true, Preinitialization.None),
            Deterministic => (true, Preinitialization.Deterministic),
            WithRandom => (true, Preinitialization.WithRandom),
            _ => (false, Preinitialization.None),
        };
        return isKnown;
    }

    /// <summary>Writes it; null: there is nothing to write.</summary>
    public static string? Format(Preinitialization value) => value switch
    {
        Preinitialization.Deterministic => Deterministic,
        Preinitialization.WithRandom => WithRandom,
        _ => null,
    };
}
