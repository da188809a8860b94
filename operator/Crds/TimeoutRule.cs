namespace Wagi.Operator.Crds;

/// <summary>
/// The CEL rule for the bounds of <c>timeout</c>. What CEL cannot evaluate is refused in CEL's own words, so the rule looks first whether
/// <c>duration()</c> can take the text: a unit after each number, and no more digits than a day has.
/// </summary>
internal static class TimeoutRule
{
    public const string Expression =
        "self.matches('^(0*[0-9]{1,2}([.][0-9]+)?h|0*[0-9]{1,4}([.][0-9]+)?m|0*[0-9]{1,5}([.][0-9]+)?s|0*[0-9]{1,8}([.][0-9]+)?ms)+$')" +
        " && duration(self) >= duration('1ms') && duration(self) <= duration('24h')";

    public const string Message = "timeout must be a duration between 1ms and 24h, for example 30s, 1m30s or 500ms";
}
