using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>events</c>.</summary>
public class EventsSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [MemberData(nameof(LanguagesAndComponent))]
    public async Task FirstEvent_Arrives_LongBeforeTheSecond(string language)
    {
        // The second comes ten minutes later: whatever waits for it misses the deadline of this test.
        using var response = await Client.GetAsync(
            $"{Path("events", language)}?count=2&interval=600000", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));

        await foreach (var (id, _) in ReadAsync(response, deadline.Token))
        {
            Assert.Equal("1", id);
            return;
        }

        Assert.Fail("the stream ended before its first event");
    }

    [Theory]
    [MemberData(nameof(LanguagesAndComponent))]
    public async Task Events_Come_InTheirOrder(string language)
    {
        using var response = await Client.GetAsync(
            $"{Path("events", language)}?count=3&interval=50", HttpCompletionOption.ResponseHeadersRead, Cancellation);
        var events = new List<(string? Id, string Data)>();

        await foreach (var received in ReadAsync(response, Cancellation))
        {
            events.Add(received);
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(["1", "2", "3"], events.Select(received => received.Id));
        Assert.All(events, received => Assert.Matches("^[0-9]{2}:[0-9]{2}:[0-9]{2} UTC$", received.Data));
    }

    private static async IAsyncEnumerable<(string? Id, string Data)> ReadAsync(
        HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(cancellation));
        await foreach (var item in parser.EnumerateAsync(cancellation))
        {
            yield return (parser.LastEventId, item.Data);
        }
    }
}
