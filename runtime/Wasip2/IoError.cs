using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:io/error.error</c>: why an operation on a stream has failed.</summary>
/// <param name="message">What people may read.</param>
internal class IoError(string message) : Resource
{
    public string Message => message;
}
