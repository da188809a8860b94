namespace Wagi.Runtime.Outbound;

/// <summary>A module's request was not sent, because its target is in one of the <see cref="DeniedNetworks"/>.</summary>
internal sealed class DestinationDeniedException(string message) : Exception(message);
