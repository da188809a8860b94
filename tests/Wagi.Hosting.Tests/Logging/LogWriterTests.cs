using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Wagi.Hosting.Logging;

namespace Wagi.Hosting.Tests.Logging;

public sealed class LogWriterTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void LinesThatNobodyReads_AreDropped_AndCounted_InTheFormatOfTheLog(bool json)
    {
        const int More = 7;
        using var output = new Reader();
        long counted = 0;
        using (var listener = new MeterListener())
        using (var writer = new LogWriter(Formatter(json), output))
        {
            var logger = writer.CreateLogger("Wagi.Some.Part");
            Say(logger, "the first");
            output.WaitForALine();
            for (var i = 0; i < LogWriter.Capacity + More; i++)
            {
                Say(logger, "another");
            }

            listener.InstrumentPublished = (instrument, _) => listener.EnableMeasurementEvents(instrument);
            listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counted = instrument.Name == "wagi_log_lines_dropped_total" ? Math.Max(counted, value) : counted);
            listener.Start();
            listener.RecordObservableInstruments();
            output.Read();
        }

        Assert.Equal(More, counted);
        var lines = output.Text.TrimEnd().Split('\n');
        Assert.Equal(1 + LogWriter.Capacity + 1, lines.Length);
        var said = lines.Single(line => !line.Contains("the first", StringComparison.Ordinal) && !line.Contains("another", StringComparison.Ordinal));
        Assert.EndsWith(
            "7 lines were dropped, because the log is not read fast enough",
            json ? JsonDocument.Parse(said).RootElement.GetProperty("Message").GetString()! : said,
            StringComparison.Ordinal);
        Assert.All(lines, line => Assert.Equal(json, line.StartsWith('{')));
    }

    private static void Say(ILogger logger, string text) => logger.Log(LogLevel.Information, default, text, null, (state, _) => state);

    private static ConsoleFormatter Formatter(bool json)
    {
        using var services = new ServiceCollection().AddLogging(new LogOptions { Json = json }.Configure).BuildServiceProvider();
        return services.GetServices<ConsoleFormatter>().Single(formatter => formatter.Name == (json ? ConsoleFormatterNames.Json : LineFormatter.FormatterName));
    }

    /// <summary>Reads nothing until it is told to.</summary>
    private sealed class Reader : StringWriter
    {
        private readonly ManualResetEventSlim _reads = new();
        private readonly ManualResetEventSlim _hasALine = new();
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Read() => _reads.Set();

        public void WaitForALine() => _hasALine.Wait(TestContext.Current.CancellationToken);

        public override void Write(string? value)
        {
            _hasALine.Set();
            _reads.Wait(TestContext.Current.CancellationToken);
            _text.Append(value);
        }

        protected override void Dispose(bool disposing)
        {
            _reads.Dispose();
            _hasALine.Dispose();
            base.Dispose(disposing);
        }
    }
}
