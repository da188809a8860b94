namespace Wagi.Runtime.Tests.Commands;

/// <summary>What a command ended with and printed.</summary>
internal sealed record CommandOutcome(int Code, string Output, string Error);
