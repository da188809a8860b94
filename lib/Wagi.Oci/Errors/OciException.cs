namespace Wagi.Oci.Errors;

/// <summary>
/// The one exception of this library, apart from <see cref="OperationCanceledException"/> and argument errors.
/// <see cref="Exception.Message"/> is written for users: what was wrong, where, and what to do. It never holds a credential.
/// </summary>
public sealed class OciException : Exception
{
    /// <summary>Creates an error.</summary>
    /// <param name="kind">The cause.</param>
    /// <param name="message">The text for the user.</param>
    /// <param name="isTransient">Whether the same call may succeed later without anybody changing anything.</param>
    /// <param name="innerException">What was caught, if anything.</param>
    /// <param name="retryAfter">How long the registry asked to wait.</param>
    public OciException(
        OciErrorKind kind,
        string message,
        bool isTransient = false,
        Exception? innerException = null,
        TimeSpan? retryAfter = null)
        : base(message, innerException)
    {
        Kind = kind;
        IsTransient = isTransient;
        RetryAfter = retryAfter;
    }

    /// <summary>The cause.</summary>
    public OciErrorKind Kind { get; }

    /// <summary>
    /// True when the same call may succeed later by itself (network, overload, a failing registry);
    /// false when somebody has to change something first.
    /// </summary>
    public bool IsTransient { get; }

    /// <summary>How long the registry asked to wait (RFC 9110 §10.2.3), null if it did not say.</summary>
    public TimeSpan? RetryAfter { get; }
}
