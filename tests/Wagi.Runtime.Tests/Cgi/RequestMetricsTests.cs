using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Modules.Limits;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

public class RequestMetricsTests
{
    [Fact]
    public async Task Requests_AreCounted_ByModuleCodeAndOutcome()
    {
        var seen = new ConcurrentQueue<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == RequestMetrics.MeterName) // those of other tests as well: the modules' names tell
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Enqueue($"{instrument.Name} {value} {Text(tags)}"));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen.Enqueue($"{instrument.Name} {value > 0} {Text(tags)}"));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => seen.Enqueue($"{instrument.Name} {value} {Text(tags)}"));
        listener.Start();
        await using var fine = await HandlerHost.StartAsync(
            Wat.Printing("status: 404\n\n"), entry: entry => entry with { Id = "metrics/fine" });
        await using var broken = await HandlerHost.StartAsync(
            Wat.Start("unreachable"), entry: entry => entry with { Id = "metrics/broken" });
        await using var limited = await HandlerHost.StartAsync(
            Wat.Printing("status: 200\n\n"), entry: entry => entry with { Id = "metrics/limited", RateLimit = new RequestRate(1, TimeSpan.FromHours(1)) });

        (await limited.Client.GetAsync("/")).Dispose();
        (await limited.Client.GetAsync("/")).Dispose();
        (await fine.Client.GetAsync("/")).Dispose();
        (await broken.Client.GetAsync("/")).Dispose();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (seen.Count(line => line.StartsWith("wagi_request_duration", StringComparison.Ordinal) && line.Contains("module=metrics/", StringComparison.Ordinal)) < 4)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20));
            await Task.Delay(5);
        }

        listener.RecordObservableInstruments();

        Assert.Contains("wagi_requests_total 1 module=metrics/fine code=4xx outcome=completed", seen);
        Assert.Contains("wagi_requests_total 1 module=metrics/broken code=5xx outcome=trapped", seen);
        Assert.Contains("wagi_requests_total 1 module=metrics/limited code=2xx outcome=completed", seen);
        Assert.Contains("wagi_requests_total 1 module=metrics/limited code=4xx outcome=rate_limited", seen);
        Assert.Contains("wagi_request_duration_seconds True module=metrics/fine", seen);
        Assert.Contains("wagi_requests_running 0 module=metrics/broken", seen);
        Assert.Contains("wagi_requests_waiting 0 module=metrics/broken", seen);

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
    }

    [Fact]
    public void WhatAHandlerCounted_StaysWhenItIsReplaced()
    {
        using var metrics = new RequestMetrics();
        var counts = new List<(long Value, string Outcome)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "wagi_requests_total")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (tags[0].Value is "metrics/replaced")
            {
                counts.Add((value, (string)tags[2].Value!));
            }
        });
        listener.Start();
        using var bodies = new BodyStore(new BodyOptions(), Path.GetTempPath() + "no-such-folder", NullLogger.Instance).Of("metrics/replaced", "");
        HandlerMetrics Handler() => new(metrics, "metrics/replaced", new ConcurrencyGate(1, 1), bodies);

        var first = Handler();
        first.Record(RequestOutcome.Completed, 200, TimeSpan.Zero);
        var second = Handler();
        second.Record(RequestOutcome.Completed, 201, TimeSpan.Zero);
        second.Record(RequestOutcome.Trapped, 500, TimeSpan.Zero);
        listener.RecordObservableInstruments();
        Assert.Equal([(1, "trapped"), (2, "completed")], counts.Order());

        counts.Clear();
        first.Dispose();
        listener.RecordObservableInstruments();
        second.Dispose();
        listener.RecordObservableInstruments();
        Assert.Equal([(1, "trapped"), (1, "trapped"), (2, "completed"), (2, "completed")], counts.Order());
    }

    [Fact]
    public void PartsOfRequests_AreAddedUp_AndStayWhenTheirHandlerGoes()
    {
        using var metrics = new RequestMetrics();
        var seconds = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "wagi_request_part_seconds_total")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (tags[0].Value is "metrics/parts")
            {
                seconds[(string)tags[1].Value!] = value;
            }
        });
        listener.Start();
        using var bodies = new BodyStore(new BodyOptions(), Path.GetTempPath() + "no-such-folder", NullLogger.Instance).Of("metrics/parts", "");
        var handler = new HandlerMetrics(metrics, "metrics/parts", new ConcurrencyGate(1, 1), bodies);
        static TimeSpan Of(double seconds) => TimeSpan.FromSeconds(seconds);

        handler.Record(RequestOutcome.Completed, 200, Of(3), new RequestParts(Of(0.5), default, Of(0.25), Of(2), Of(0.25)));
        handler.Record(RequestOutcome.Saturated, 503, Of(1), new RequestParts(Of(1), default, default, default, default));
        handler.Record(RequestOutcome.Failed, 500, Of(1));
        for (var i = 0; i < 2; i++)
        {
            seconds.Clear();
            listener.RecordObservableInstruments();
            Assert.Equal(
                new Dictionary<string, double> { ["waiting"] = 1.5, ["instance"] = 0.25, ["guest"] = 2, ["outbound"] = 0.25 }, seconds);
            handler.Dispose();
        }
    }
}
