namespace Wagi.Hosting.Logging;

/// <summary>How moments are written in logs.</summary>
public static class LogTime
{
    /// <summary>UTC with milliseconds (RFC 3339 §5.6).</summary>
    public const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
}
