using Wagi.Modules.Retries;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>Runs an idempotent operation again when it failed for a transient reason.</summary>
internal sealed class Retry
{
    // A registry that asks for more patience than this gets it from the caller, who can do something else meanwhile.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly RegistryClientOptions _options;

    public Retry(RegistryClientOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Attempts, 1);
        _options = options;
    }

    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.RetryDelay, LongestWait);
        while (true)
        {
            try
            {
                return await operation(cancellationToken);
            }
            catch (OciException exception) when (
                exception.IsTransient && backoff.Failures < _options.Attempts - 1 && (exception.RetryAfter ?? TimeSpan.Zero) <= LongestWait)
            {
                var pause = backoff.Next();
                await Task.Delay(exception.RetryAfter ?? pause, _options.TimeProvider, cancellationToken);
            }
        }
    }
}
