using Wagi.Operator.ApiServer;

namespace Wagi.Operator.Controllers;

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
