using System.Text.Json;
using Wagi.Hosting.Supervision;
using Wagi.Modules.Status;
using Wagi.Operator.Loops;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Runtimes;

/// <summary>Asks one runtime for its status, again and again.</summary>
/// <param name="endpoint">The runtime.</param>
/// <param name="http">The connection.</param>
/// <param name="pace">How often.</param>
/// <param name="time">The clock of the pauses.</param>
/// <param name="changed">Called after <see cref="Report"/> changed.</param>
internal sealed class RuntimeProbe(RuntimeEndpoint endpoint, HttpClient http, RuntimePace pace, TimeProvider time, Action changed)
{
    private readonly Alarm _alarm = new(time);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly long _begun = time.GetTimestamp();
    private byte[] _answer = [];
    private int _silences;
    private bool _settled;
    private bool _ready;
    private bool _wasReady;
    private bool _becameReady;
    private TimeSpan _pause = pace.Hurried;
    private RuntimeReport _report = new(endpoint.Name, null, "has not been asked yet", TakesRequests: false, IsStarting: true);

    /// <summary>What the runtime said last, or why it said nothing.</summary>
    public RuntimeReport Report
    {
        get
        {
            lock (_lock)
            {
                return _report;
            }
        }
    }

    /// <summary>Completes when the runtime has been asked once, with or without an answer.</summary>
    public Task Asked => _asked.Task;

    /// <summary>The configuration has changed: ask now, and often, because the answer is about to change.</summary>
    public void Hurry()
    {
        lock (_lock)
        {
            _pause = pace.Hurried;
        }

        _alarm.Ring();
    }

    /// <summary>Whether the runtime receives requests at the start.</summary>
    public bool IsReady
    {
        init => _ready = _wasReady = value;
    }

    private bool IsStarting => !_wasReady && time.GetElapsedTime(_begun) < pace.Startup;

    /// <summary>The runtime receives requests now, or no longer. Its report counts from the first answer after that.</summary>
    public void SetReady(bool ready)
    {
        lock (_lock)
        {
            if (_ready == ready)
            {
                return;
            }

            _ready = ready;
            _becameReady = ready;
            _wasReady = true;
            if (ready)
            {
                _silences = 0;
            }
            else
            {
                _report = _report with { TakesRequests = false, IsStarting = false };
            }
        }

        if (ready)
        {
            Hurry();
        }
        else
        {
            changed();
        }
    }

    /// <summary>Whether the runtimes have nothing under way, so that there is little need to ask.</summary>
    public void Settle(bool settled)
    {
        lock (_lock)
        {
            if (_settled == settled)
            {
                return;
            }

            _settled = settled;
        }

        if (!settled)
        {
            Hurry();
        }
    }

    /// <summary>Asks until cancelled.</summary>
    public async Task RunAsync(LoopProgress progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(progress);
        while (!cancellationToken.IsCancellationRequested)
        {
            await AskAsync(cancellationToken);
            _asked.TrySetResult();
            progress.Completed();
            await _alarm.SleepAsync(NextPause(), cancellationToken);
        }

        _asked.TrySetResult();
    }

    private TimeSpan NextPause()
    {
        lock (_lock)
        {
            var longest = _settled && _report.Status is not null && _silences == 0 ? pace.Settled : pace.Unsettled;
            var pause = _pause < longest ? _pause : longest;
            _pause = pause * 1.5;
            return pause;
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(pace.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var response = await http.GetAsync(endpoint.Status, either.Token);
            if (!response.IsSuccessStatusCode)
            {
                Silent($"{endpoint.Status} answered {(int)response.StatusCode}");
                return;
            }

            Heard(await response.Content.ReadAsByteArrayAsync(either.Token));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Its pod is gone, or the operator is stopping.
        }
        catch (OperationCanceledException)
        {
            Silent($"{endpoint.Status} did not answer within {pace.Timeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException exception)
        {
            Silent($"{endpoint.Status} cannot be reached: {exception.Message}");
        }
    }

    private void Heard(byte[] answer)
    {
        lock (_lock)
        {
            _silences = 0;
            _becameReady = false;
            if (_report is { Status: not null, Error: null } && _report.TakesRequests == _ready && answer.AsSpan().SequenceEqual(_answer))
            {
                return;
            }
        }

        RuntimeStatus status;
        try
        {
            status = RuntimeStatus.FromJson(answer);
        }
        catch (JsonException)
        {
            Silent($"{endpoint.Status} answered something that is not a runtime's status");
            return;
        }

        lock (_lock)
        {
            _answer = answer;
            _report = new RuntimeReport(endpoint.Name, status, null, _ready, IsStarting);
        }

        changed();
    }

    private void Silent(string why)
    {
        lock (_lock)
        {
            _silences++;
            _pause = pace.Hurried > TimeSpan.FromSeconds(1) ? pace.Hurried : TimeSpan.FromSeconds(1);
            var isPatient = _silences < pace.Patience;
            // One late answer under load must not make every module unready.
            if (_report.Status is not null && isPatient)
            {
                return;
            }

            // One that has just become ready may have answered nobody but the kubelet so far.
            var silent = new RuntimeReport(endpoint.Name, null, why, _ready && !(_becameReady && isPatient), IsStarting);
            if (_report == silent)
            {
                return;
            }

            _report = silent;
        }

        changed();
    }
}

/// <summary>How often runtimes are asked for their status.</summary>
internal sealed record RuntimePace
{
    /// <summary>The first pause after the configuration changed; the pauses grow from here to one of the two below.</summary>
    public TimeSpan Hurried { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>While a module is on its way.</summary>
    public TimeSpan Unsettled { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>While none is: all are served as configured, or have failed.</summary>
    public TimeSpan Settled { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a runtime may report an older configuration than its pod is annotated with, before the pod is annotated again.</summary>
    public TimeSpan Behind { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a runtime may take to answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a runtime that has never received requests may take to start: as long as the chart's startup probe waits.</summary>
    public TimeSpan Startup { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many attempts in a row must fail before a runtime that used to answer counts as gone.</summary>
    public int Patience { get; init; } = 3;
}
