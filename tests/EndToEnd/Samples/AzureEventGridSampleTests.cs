using System.Net;
using System.Text.Json.Nodes;
using static Wagi.TestCluster.Azure.EventGridProtocolServer;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>azure-eventgrid</c>, against <see cref="TestCluster.Azure.EventGridProtocolServer"/>.</summary>
public class AzureEventGridSampleTests(ServedSamples samples) : SampleTests(samples)
{
    private readonly string _subject = $"/notes/{Guid.NewGuid():N}";

    private Uri Webhook(string variant = "") => new(
        Client.BaseAddress!,
        Path("azure-eventgrid", "go").Replace("azure-eventgrid", "azure-eventgrid" + variant, StringComparison.Ordinal));

    [Fact]
    public async Task Webhook_PassesTheValidationHandshake() =>
        Assert.True(await Samples.Topic.SubscribeAsync(Webhook(), Cancellation));

    [Fact]
    public async Task EachEvent_IsAcknowledged_ByOneThatIsPublished()
    {
        var received = Event("Notes.Created", _subject, new JsonObject { ["text"] = "ü" });
        var other = Event("Notes.Created", _subject, []);

        using var response = await Samples.Topic.DeliverAsync(Webhook(), Cancellation, received, other);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("acknowledged 2 events\n", await response.Content.ReadAsStringAsync(Cancellation));
        var published = Samples.Topic.Published.Where(published => published["subject"]!.GetValue<string>() == _subject).ToList();
        Assert.All(published, published => Assert.Equal("Samples.Acknowledged", published["eventType"]!.GetValue<string>()));
        Assert.Equal(
            [received["id"]!.GetValue<string>(), other["id"]!.GetValue<string>()],
            published.Select(published => published["data"]!["received"]!.GetValue<string>()));
    }

    [Fact]
    public async Task WrongKey_IsTold_AndTheEventMayComeAgain()
    {
        using var response = await Samples.Topic.DeliverAsync(Webhook("-wrong-key"), Cancellation, Event("Notes.Created", _subject, []));

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(
            "the service does not accept the key in AZURE_EVENTGRID_KEY (it answered 401)\n",
            await response.Content.ReadAsStringAsync(Cancellation));
        Assert.DoesNotContain(Samples.Topic.Published, published => published["subject"]!.GetValue<string>() == _subject);
    }

    [Fact]
    public async Task RequestOfAnotherKind_IsRefused()
    {
        using var response = await Client.PostAsync(Webhook(), new StringContent("[]"), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }
}
