namespace Wagi.Bench;

/// <summary>A measurement needs something that this machine does not have.</summary>
internal sealed class CannotMeasureException(string message) : Exception(message);
