using Polly;
using Polly.Retry;
using Wagi.Oci.Errors;

namespace Wagi.Oci.Remote;

/// <summary>Runs an idempotent operation again when it failed for a transient reason.</summary>
internal sealed class Retry
{
    // A registry that asks for more patience than this gets it from the caller, who can do something else meanwhile.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly ResiliencePipeline _pipeline;

    public Retry(RegistryClientOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Attempts, 1);
        var builder = new ResiliencePipelineBuilder { TimeProvider = options.TimeProvider };
        if (options.Attempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.Attempts - 1,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                MaxDelay = LongestWait,
                ShouldHandle = arguments => new(
                    arguments.Outcome.Exception is OciException { IsTransient: true } exception
                    && (exception.RetryAfter is null || exception.RetryAfter <= LongestWait)),
                // Null: the exponential delay.
                DelayGenerator = arguments => new((arguments.Outcome.Exception as OciException)?.RetryAfter),
            });
        }

        _pipeline = builder.Build();
    }

    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(async token => await operation(token), cancellationToken);
}
