namespace Wagi.TestCluster;

/// <summary>A part that a test stands on failed for good, so that waiting longer is of no use; the message holds the end of its log.</summary>
public sealed class TestToolFailedException(string message, Exception? inner = null) : Exception(message, inner);
