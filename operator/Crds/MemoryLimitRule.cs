namespace Wagi.Operator.Crds;

/// <summary>
/// The CEL rule for the bounds of <c>memoryLimit</c>. It reads the number and its suffix itself: CEL has quantities from Kubernetes 1.29 on only,
/// and a rule that a server cannot compile makes it refuse the whole CRD.
/// </summary>
internal static class MemoryLimitRule
{
    public const string Expression =
        "[int(self.find('^[0-9]+')) * {'': 1, 'k': 1000, 'M': 1000000, 'G': 1000000000, 'Ki': 1024, 'Mi': 1048576, 'Gi': 1073741824}" +
        "[self.find('[A-Za-z]*$')]].all(bytes, bytes >= 65536 && bytes <= 4294967296)";

    public const string Message = "memoryLimit must be between 64Ki and 4Gi";
}
