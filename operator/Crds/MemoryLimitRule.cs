using Wagi.Operator.Resources;

namespace Wagi.Operator.Crds;

/// <summary>
/// The CEL rule for the bounds of <c>memoryLimit</c>. It reads the number and its suffix itself: CEL has quantities from Kubernetes 1.29 on only,
/// and a rule that a server cannot compile makes it refuse the whole CRD. What CEL cannot evaluate is refused in CEL's own words, so the
/// pattern comes first, and the numbers are such that do not overflow.
/// </summary>
internal static class MemoryLimitRule
{
    public const string Expression =
        "self.matches('" + SpecPatterns.ByteSize + "')" +
        " && [double(self.find('^[0-9]+')) * {'': 1.0, 'k': 1000.0, 'M': 1000000.0, 'G': 1000000000.0, 'Ki': 1024.0, 'Mi': 1048576.0, 'Gi': 1073741824.0}" +
        "[self.find('[A-Za-z]*$')]].all(bytes, bytes >= 65536.0 && bytes <= 4294967296.0)";

    public const string Message = "memoryLimit must be between 64Ki and 4Gi, for example 64Mi or 1Gi";
}
