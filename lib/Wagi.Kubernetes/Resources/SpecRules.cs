using Wagi.Modules.Cgi;

namespace Wagi.Kubernetes.Resources;

/// <summary>
/// The CEL rule for the bounds of <c>timeout</c>. CEL reports what it cannot evaluate in its own words, so the rule first checks that
/// <c>duration()</c> can read the text: a unit after each number, and no more digits than a day needs.
/// </summary>
public static class TimeoutRule
{
    public const string Expression =
        "self.matches('^(0*[0-9]{1,2}([.][0-9]+)?h|0*[0-9]{1,4}([.][0-9]+)?m|0*[0-9]{1,5}([.][0-9]+)?s|0*[0-9]{1,8}([.][0-9]+)?ms)+$')" +
        " && duration(self) >= duration('1ms') && duration(self) <= duration('24h')";

    public const string Message = "timeout must be a duration between 1ms and 24h, for example 30s, 1m30s or 500ms";
}

/// <summary>
/// The CEL rule for the bounds of <c>memoryLimit</c>. It reads the number and its suffix itself: CEL has had quantities only since Kubernetes
/// 1.29, and a server that cannot compile a rule refuses the whole CRD. CEL reports what it cannot evaluate in its own words, so the
/// pattern comes first, and no number can overflow.
/// </summary>
public static class MemoryLimitRule
{
    public const string Expression =
        "self.matches('" + SpecPatterns.ByteSize + "')" +
        " && [double(self.find('^[0-9]+')) * {'': 1.0, 'k': 1000.0, 'M': 1000000.0, 'G': 1000000000.0, 'Ki': 1024.0, 'Mi': 1048576.0, 'Gi': 1073741824.0}" +
        "[self.find('[A-Za-z]*$')]].all(bytes, bytes >= 65536.0 && bytes <= 4294967296.0)";

    public const string Message = "memoryLimit must be between 64Ki and 4Gi, for example 64Mi or 1Gi";
}

/// <summary>The CEL rule that keeps CGI meta-variables out of <c>env</c>.</summary>
public static class MetaVariableRule
{
    public const string Expression =
        "!self.startsWith('" + MetaVariableNames.HeaderPrefix + "') && !(self in [" + MetaVariableNames.Quoted + "])";

    public const string Message = "this name is a CGI meta-variable, which the runtime sets itself for every request";
}
