namespace Wagi.Operator.Commands;

/// <summary>The command line asks for something that cannot be done; the message says what and how to write it.</summary>
internal sealed class UsageException(string message) : Exception(message);
