using System.Collections.Immutable;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.Informers;

/// <summary>What an <see cref="Informer{T}"/> keeps a copy of.</summary>
internal interface IListWatch<T>
    where T : class
{
    /// <summary>Name for logs and metrics: <c>wagimodules.wagi.dev</c>.</summary>
    string Name { get; }

    /// <summary>Key and version of an object.</summary>
    ObjectIdentity Identify(T item);

    /// <summary>All objects.</summary>
    /// <exception cref="ApiServerException">The server refused; <see cref="ApiServerException.IsExpired"/>: list again.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    Task<ObjectList<T>> ListAsync(CancellationToken cancellationToken);

    /// <summary>What changed after a resource version, until the server ends the watch.</summary>
    /// <exception cref="ApiServerException">The server refused; <see cref="ApiServerException.IsExpired"/>: list again.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached, or the connection broke.</exception>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync(string resourceVersion, CancellationToken cancellationToken);
}

/// <summary>All objects of a query, and from where to watch.</summary>
internal sealed record ObjectList<T>(ImmutableArray<T> Items, string ResourceVersion);

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="ResourceVersion">From where to go on watching.</param>
/// <param name="Object">The object, its last state when it was deleted; null for a bookmark.</param>
internal readonly record struct WatchEvent<T>(WatchEventType Type, string ResourceVersion, T? Object)
    where T : class;

/// <summary>What a watch reports (Kubernetes API concepts, "Efficient detection of changes").</summary>
internal enum WatchEventType
{
    /// <summary>The object is there now, or is another one than before: ADDED or MODIFIED.</summary>
    Stored,

    /// <summary>The object is gone.</summary>
    Deleted,

    /// <summary>No object: everything up to this resource version has been reported.</summary>
    Bookmark,
}
