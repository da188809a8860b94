namespace Wagi.Bindle.Errors;

/// <summary>A bindle or a parcel cannot be had; the message says which, from where, and why.</summary>
/// <param name="kind">What went wrong.</param>
/// <param name="message">One sentence without a final period.</param>
/// <param name="inner">The cause.</param>
public sealed class BindleException(BindleErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public BindleErrorKind Kind { get; } = kind;
}
