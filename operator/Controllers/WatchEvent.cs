namespace Wagi.Operator.Controllers;

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="ResourceVersion">From where to go on watching.</param>
/// <param name="Object">The object, its last state when it was deleted; null for a bookmark.</param>
internal readonly record struct WatchEvent<T>(WatchEventType Type, string ResourceVersion, T? Object)
    where T : class;
