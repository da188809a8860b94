using System.Text.Json;
using Wagi.Modules.Status;
using Wagi.Operator.Controllers;
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
    private byte[] _answer = [];
    private int _silences;
    private bool _settled;
    private TimeSpan _pause = pace.Hurried;

    /// <summary>What the runtime said last, or why it said nothing.</summary>
    public RuntimeReport Report { get; private set; } = new(endpoint.Name, null, "has not been asked yet");

    /// <summary>Completes when the runtime has been asked once, with or without an answer.</summary>
    public Task Asked => _asked.Task;

    /// <summary>The configuration has changed: ask now and often, for news is near.</summary>
    public void Hurry()
    {
        _pause = pace.Hurried;
        _alarm.Ring();
    }

    /// <summary>Whether everything is served as configured, so that there is little to ask for.</summary>
    public void Settle(bool settled)
    {
        if (_settled == settled) return;
        _settled = settled;
        if (!settled) Hurry();
    }

    /// <summary>Asks until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await AskAsync(cancellationToken);
            _asked.TrySetResult();
            var longest = _settled && Report.Status is not null && _silences == 0 ? pace.Settled : pace.Unsettled;
            var pause = _pause < longest ? _pause : longest;
            _pause = pause * 1.5;
            await _alarm.SleepAsync(pause, cancellationToken);
        }

        _asked.TrySetResult();
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
            // Its pod is gone, or the operator stops.
        }
        catch (OperationCanceledException)
        {
            Silent($"{endpoint.Status} did not answer within {pace.Timeout.TotalSeconds:0.#} s");
        }
        catch (HttpRequestException e)
        {
            Silent($"{endpoint.Status} cannot be reached: {e.Message}");
        }
    }

    private void Heard(byte[] answer)
    {
        _silences = 0;
        if (Report.Status is not null && Report.Error is null && answer.AsSpan().SequenceEqual(_answer)) return;
        try
        {
            var status = RuntimeStatus.FromJson(answer);
            _answer = answer;
            Report = new RuntimeReport(endpoint.Name, status);
            changed();
        }
        catch (JsonException)
        {
            Silent($"{endpoint.Status} answered something that is not a runtime's status");
        }
    }

    private void Silent(string why)
    {
        _silences++;
        _pause = pace.Hurried > TimeSpan.FromSeconds(1) ? pace.Hurried : TimeSpan.FromSeconds(1);
        // One answer that is late under load must not turn every module to not ready.
        if (Report.Status is not null && _silences < pace.Patience) return;
        if (Report.Error == why) return;
        Report = new RuntimeReport(endpoint.Name, null, why);
        changed();
    }
}
