using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>azure-cosmos</c>, against <see cref="TestCluster.Azure.CosmosProtocolServer"/>.</summary>
public class AzureCosmosSampleTests(ServedSamples samples) : SampleTests(samples)
{
    private readonly string _id = $"note ü {Guid.NewGuid():N}";

    private string Documents(string variant = "") =>
        Path("azure-cosmos", "go").Replace("azure-cosmos", "azure-cosmos" + variant, StringComparison.Ordinal);

    private StringContent Document(string text) => new(
        new JsonObject { ["id"] = _id, ["text"] = text }.ToJsonString(), new MediaTypeHeaderValue("application/json"));

    [Fact]
    public async Task Document_IsCreated_AndRead()
    {
        using var created = await Client.PostAsync(Documents(), Document("first"), Cancellation);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("first", Samples.Cosmos.Stored[_id]["text"]!.GetValue<string>());

        using var read = await Client.GetAsync($"{Documents()}/{Uri.EscapeDataString(_id)}", Cancellation);
        Assert.Equal((HttpStatusCode.OK, "application/json"), (read.StatusCode, read.Content.Headers.ContentType?.ToString()));
        Assert.Equal("first", JsonNode.Parse(await read.Content.ReadAsStringAsync(Cancellation))!["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task SecondDocumentOfOneId_IsTheServices409()
    {
        using var first = await Client.PostAsync(Documents(), Document("first"), Cancellation);
        using var second = await Client.PostAsync(Documents(), Document("second"), Cancellation);

        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
    }

    [Fact]
    public async Task MissingDocument_IsTheServices404()
    {
        using var response = await Client.GetAsync($"{Documents()}/{Uri.EscapeDataString(_id)}", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task DocumentWithoutId_IsRefused_BeforeItIsSent()
    {
        using var response = await Client.PostAsync(Documents(), new StringContent("{}"), Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task WrongKey_IsTold_WithTheSettingThatHasIt()
    {
        using var response = await Client.PostAsync(Documents("-wrong-key"), Document("first"), Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(
            "the service does not accept the key in AZURE_COSMOS_KEY (it answered 401)\n",
            await response.Content.ReadAsStringAsync(Cancellation));
        Assert.False(Samples.Cosmos.Stored.ContainsKey(_id));
    }
}
