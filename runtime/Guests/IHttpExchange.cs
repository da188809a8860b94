namespace Wagi.Runtime.Guests;

/// <summary>
/// The request that a guest answers, for guests that speak HTTP themselves instead of CGI. The bodies are the run's: that of the request is its
/// stdin, and what it writes to stdout after <see cref="Answer"/> is that of the response.
/// </summary>
internal interface IHttpExchange
{
    /// <summary>The method, as it was sent.</summary>
    string Method { get; }

    /// <summary><c>http</c> or <c>https</c>.</summary>
    string Scheme { get; }

    /// <summary>Host and port that the client has named; null: it has named none.</summary>
    string? Authority { get; }

    /// <summary>Path and query, as they were sent.</summary>
    string PathWithQuery { get; }

    /// <summary>The header fields, without those that are the connection's (RFC 9110 §7.6.1), <c>Host</c>, and credentials that the guest is not to see; one for each line.</summary>
    IEnumerable<HttpField> Headers { get; }

    /// <summary>The trailer fields, once the body was read to its end.</summary>
    IEnumerable<HttpField> Trailers { get; }

    /// <summary>Whether the response was begun.</summary>
    bool IsAnswered { get; }

    /// <summary>Begins the response. Once only.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="fields">Its header fields.</param>
    /// <param name="isWhole">False: it has a body that has to come to its end by <see cref="End"/>.</param>
    /// <returns>False: it is no valid response, and the guest must not go on.</returns>
    bool Answer(int status, IReadOnlyList<HttpField> fields, bool isWhole);

    /// <summary>The body of the response is whole.</summary>
    /// <param name="trailers">Its trailer fields, which are dropped where the protocol has none.</param>
    void End(IReadOnlyList<HttpField> trailers);
}
