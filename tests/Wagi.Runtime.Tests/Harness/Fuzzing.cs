using System.Globalization;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>How many inputs are made at random: as many as there is time for, or what <c>WAGI_FUZZ_INPUTS</c> says.</summary>
internal static class Fuzzing
{
    /// <param name="inASuite">How many there is time for among all other tests.</param>
    public static int Inputs(int inASuite) =>
        Environment.GetEnvironmentVariable("WAGI_FUZZ_INPUTS") is { Length: > 0 } inputs ? int.Parse(inputs, CultureInfo.InvariantCulture) : inASuite;
}
