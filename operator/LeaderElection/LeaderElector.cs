using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Wagi.Hosting.Supervision;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Operator.LeaderElection;

/// <summary>
/// Leader election over a Lease, by the rules of client-go's <c>leaderelection</c>, with which it can share a Lease. The leader renews
/// the Lease; one that was not renewed for its duration, by this instance's own clock, may be taken over; a leader that stops gives it
/// back, so that the next one need not wait.
/// </summary>
internal sealed partial class LeaderElector(
    ApiServerClient client, LeaderElectionOptions options, LeaderTerm term, TimeProvider time, ILogger<LeaderElector> logger)
{
    private LeaseSpec? _observed;
    private long _observedAt;
    private string? _trouble;

    /// <summary>Runs for leadership until cancelled, and leads whenever it is elected.</summary>
    /// <param name="lead">The leader's work. Its token is cancelled when leadership is lost or at the end; the Lease is given back after it has returned.</param>
    /// <param name="progress">Told of every look at the Lease.</param>
    /// <param name="cancellationToken">Ends it all.</param>
    /// <exception cref="InvalidOperationException">The leader's work ended unasked. The exception that it ended with, if any, is passed on.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> lead, LoopProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        while (!cancellationToken.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            if (await TryAsync(cancellationToken))
            {
                await LeadAsync(begun, lead, progress, cancellationToken);
                // Whoever waits for the Lease comes first.
                begun = time.GetTimestamp();
            }

            progress.Completed();
            await PauseAsync(begun, cancellationToken);
        }
    }

    private async Task LeadAsync(long acquired, Func<CancellationToken, Task> lead, LoopProgress progress, CancellationToken cancellationToken)
    {
        LogLeading(logger, options.Identity);
        term.Extend(acquired, options.RenewDeadline);

        // Ends the work by itself, whatever hangs: what this instance writes must have ended before the Lease does.
        using var deadline = new CancellationTokenSource(Remaining(acquired), time);
        using var leading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var work = lead(leading.Token);
        var endedUnasked = false;
        try
        {
            await RenewAsync(acquired, work, deadline, progress, leading.Token);
            endedUnasked = work.IsCompleted && !leading.IsCancellationRequested;
            if (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                LogLost(logger, options.RenewDeadline.TotalSeconds);
            }
        }
        finally
        {
            await leading.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            term.End();
            await ReleaseAsync();
        }

        if (endedUnasked || work.IsFaulted)
        {
            await work;
            throw new InvalidOperationException("the leader's work ended");
        }
    }

    /// <summary>Returns when another instance leads, the work has ended, or the token is cancelled. Each renewal puts the deadline off.</summary>
    private async Task RenewAsync(
        long begun, Task work, CancellationTokenSource deadline, LoopProgress progress, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.WhenAny(work, PauseAsync(begun, cancellationToken));
            if (cancellationToken.IsCancellationRequested || work.IsCompleted)
            {
                return;
            }

            // The others count from when they saw the renewal, which is after this.
            begun = time.GetTimestamp();
            progress.Completed();
            if (await TryAsync(cancellationToken))
            {
                term.Extend(begun, options.RenewDeadline);
                deadline.CancelAfter(Remaining(begun));
            }
            else if (_observed?.HolderIdentity is { Length: > 0 } holder && holder != options.Identity)
            {
                LogTakenOver(logger, holder);
                return;
            }
        }
    }

    /// <summary>How long this instance may lead after a renewal that began then.</summary>
    private TimeSpan Remaining(long begun) => RestOf(options.RenewDeadline, begun);

    private TimeSpan RestOf(TimeSpan duration, long begun)
    {
        var rest = duration - time.GetElapsedTime(begun);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    /// <summary>Takes the Lease, or renews it, in a time that leaves room for another try before the deadline.</summary>
    private async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var isMine = await TakeAsync(either.Token);
            _trouble = null;
            return isMine;
        }
        catch (ApiServerException exception) when (exception.IsConflict)
        {
            // Another instance got there first.
            return false;
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception))
        {
            Troubled(exception.Message);
            return false;
        }
        catch (OperationCanceledException)
        {
            if (!cancellationToken.IsCancellationRequested)
            {
                Troubled($"no answer from {client.Address} within {options.RequestTimeout.TotalSeconds:0.#} s");
            }

            return false;
        }
    }

    private async Task<bool> TakeAsync(CancellationToken cancellationToken)
    {
        var lease = await client.FindAsync(ApiResource.Leases.PathOf(options.Lease), LeaseJsonContext.Default.Lease, cancellationToken);
        if (lease is null)
        {
            Observe((await CreateAsync(cancellationToken)).Spec);
            return true;
        }

        Observe(lease.Spec);
        if (!IsMine(lease.Spec) && !IsFree(lease.Spec))
        {
            return false;
        }

        Observe((await PatchAsync(lease, Claim(lease), cancellationToken)).Spec);
        return true;
    }

    /// <summary>Logs once per cause: the next attempts would only repeat it.</summary>
    private void Troubled(string message)
    {
        if (_trouble != message)
        {
            LogFailed(logger, options.Lease, message);
        }

        _trouble = message;
    }

    private async Task<Lease> CreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await client.CreateAsync(
                ApiResource.Leases.PathOf(options.Lease.Namespace), NewLease(), LeaseJsonContext.Default.Lease, cancellationToken);
        }
        catch (ApiServerException exception) when (exception.IsNotFound)
        {
            throw ApiServerException.MissingNamespace(options.Lease.Namespace);
        }
    }

    private bool IsMine(LeaseSpec spec) => spec.HolderIdentity == options.Identity;

    /// <summary>By this instance's own clock since it saw the Lease change last: clocks of different nodes need not agree.</summary>
    private bool IsFree(LeaseSpec spec) =>
        string.IsNullOrEmpty(spec.HolderIdentity)
        || time.GetElapsedTime(_observedAt) > TimeSpan.FromSeconds(spec.LeaseDurationSeconds ?? options.LeaseDuration.TotalSeconds);

    private void Observe(LeaseSpec spec)
    {
        if (spec == _observed)
        {
            return;
        }

        _observed = spec;
        _observedAt = time.GetTimestamp();
    }

    private async Task ReleaseAsync()
    {
        // The token that ended it all must not cancel this, and this must not take long.
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(3), time);
        try
        {
            var path = ApiResource.Leases.PathOf(options.Lease);
            var lease = await client.FindAsync(path, LeaseJsonContext.Default.Lease, timeout.Token);
            if (lease is null || !IsMine(lease.Spec))
            {
                return;
            }

            await PatchAsync(lease, Released(lease), timeout.Token);
            LogReleased(logger);
        }
        catch (Exception exception) when (ApiServerException.IsTransient(exception) || exception is OperationCanceledException)
        {
            // It expires by itself.
            LogFailed(logger, options.Lease, exception.Message);
        }
    }

    private JsonObject Claim(Lease? lease)
    {
        var now = Format(time.GetUtcNow());
        var mine = lease is not null && IsMine(lease.Spec);
        return new JsonObject
        {
            ["holderIdentity"] = options.Identity,
            ["leaseDurationSeconds"] = (int)Math.Ceiling(options.LeaseDuration.TotalSeconds),
            ["acquireTime"] = mine && lease!.Spec.AcquireTime is { } acquired ? Format(acquired) : now,
            ["renewTime"] = now,
            ["leaseTransitions"] = lease is null ? 0 : (lease.Spec.LeaseTransitions ?? 0) + (mine ? 0 : 1),
        };
    }

    private JsonObject Released(Lease lease) => new()
    {
        ["holderIdentity"] = "",
        ["leaseDurationSeconds"] = 1,
        ["acquireTime"] = Format(time.GetUtcNow()),
        ["renewTime"] = Format(time.GetUtcNow()),
        ["leaseTransitions"] = lease.Spec.LeaseTransitions ?? 0,
    };

    private JsonObject NewLease() => new()
    {
        ["apiVersion"] = ApiResource.Leases.ApiVersion,
        ["kind"] = ApiResource.Leases.Kind,
        ["metadata"] = new JsonObject { ["name"] = options.Lease.Name, ["namespace"] = options.Lease.Namespace },
        ["spec"] = Claim(null),
    };

    /// <summary>
    /// Changes the Lease unless somebody else has changed it since it was read. The rest stays as it is: its labels belong to whoever installed it.
    /// </summary>
    private Task<Lease> PatchAsync(Lease lease, JsonObject spec, CancellationToken cancellationToken) => client.MergeAsync(
        ApiResource.Leases.PathOf(options.Lease),
        new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = lease.Metadata.ResourceVersion }, ["spec"] = spec },
        LeaseJsonContext.Default.Lease,
        isSecret: false,
        cancellationToken);

    /// <summary><c>metav1.MicroTime</c>.</summary>
    private static string Format(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Waits for the rest of the period that began then; an attempt that took longer is followed by the next one at once.</summary>
    private async Task PauseAsync(long begun, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(RestOf(options.RetryPeriod, begun), time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller looks at the token.
        }
    }

    [LoggerMessage(EventId = 701, Level = LogLevel.Information, Message = "{Identity} leads")]
    private static partial void LogLeading(ILogger logger, string identity);

    [LoggerMessage(EventId = 702, Level = LogLevel.Warning, Message = "Stepping down: the lease could not be renewed for {Seconds} s")]
    private static partial void LogLost(ILogger logger, double seconds);

    [LoggerMessage(EventId = 703, Level = LogLevel.Warning, Message = "Stepping down: {Holder} has taken the lease over")]
    private static partial void LogTakenOver(ILogger logger, string holder);

    [LoggerMessage(EventId = 704, Level = LogLevel.Information, Message = "Lease given back")]
    private static partial void LogReleased(ILogger logger);

    [LoggerMessage(EventId = 705, Level = LogLevel.Warning, Message = "Lease {Lease} cannot be read or written, trying again: {Error}")]
    private static partial void LogFailed(ILogger logger, ObjectKey lease, string error);
}
