namespace Wagi.Hosting.CommandLine;

/// <summary>The command line asks for something that cannot be done; the message says what and how to write it.</summary>
/// <param name="message">For the user.</param>
public sealed class UsageException(string message) : Exception(message);
