namespace Wagi.Runtime.Cgi;

/// <summary>Where the lines go that guests write to stderr. Called by many requests at the same time.</summary>
public interface IGuestLines
{
    /// <summary>Takes a line; it holds no control characters but tabs.</summary>
    /// <param name="module">Id of the module.</param>
    /// <param name="request">Id of the request.</param>
    /// <param name="line">The text.</param>
    void Add(string module, string request, string line);

    /// <summary>Says that the rest of what a request wrote is dropped.</summary>
    void AddTruncated(string module, string request);

    /// <summary>Says that so many lines of a module were dropped.</summary>
    void AddDropped(string module, long lines);
}
