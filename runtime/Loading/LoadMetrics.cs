using System.Diagnostics;
using System.Diagnostics.Metrics;
using Wagi.Runtime.Cgi;

namespace Wagi.Runtime.Loading;

/// <summary>Counts what is loaded, and times the steps of it: as metrics, and as spans while somebody listens.</summary>
internal sealed class LoadMetrics : IDisposable
{
    /// <summary>Name of the meter of what is loaded.</summary>
    public const string MeterName = "Wagi.Runtime.Loading";

    private static readonly ActivitySource Source = new(RequestTrace.SourceName);

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _loads;
    private readonly Histogram<double> _steps;

    public LoadMetrics()
    {
        _loads = _meter.CreateCounter<long>("wagi_module_loads_total", description: "Modules that were loaded, first or anew, by result: loaded or failed.");
        _steps = _meter.CreateHistogram(
            "wagi_module_load_duration_seconds", "s", "Time of a step of loading a module: waiting, finding, compiling.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60] });
    }

    /// <summary>A module is about to be loaded.</summary>
    /// <param name="module">Its id.</param>
    public ModuleLoad Begin(string module) => new(this, Source.StartActivity($"load {module}"));

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>One module that is loaded. Disposed without <see cref="Succeeded"/>, it has failed.</summary>
    internal sealed class ModuleLoad(LoadMetrics metrics, Activity? span) : IDisposable
    {
        private string _result = "failed";

        /// <summary>Takes a step.</summary>
        /// <param name="step">Its name.</param>
        /// <param name="action">The step.</param>
        public async Task<T> StepAsync<T>(string step, Func<Task<T>> action)
        {
            var start = Stopwatch.GetTimestamp();
            using var part = span is null ? null : Source.StartActivity(step);
            try
            {
                return await action();
            }
            finally
            {
                metrics._steps.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, new KeyValuePair<string, object?>("step", step));
            }
        }

        /// <summary>The module is loaded.</summary>
        public void Succeeded() => _result = "loaded";

        /// <inheritdoc/>
        public void Dispose()
        {
            metrics._loads.Add(1, new KeyValuePair<string, object?>("result", _result));
            span?.SetStatus(_result == "failed" ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
            span?.Dispose();
        }
    }
}
