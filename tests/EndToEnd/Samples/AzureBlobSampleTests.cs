using System.Net;
using System.Net.Http.Headers;
using Wagi.TestCluster;
using Wagi.TestCluster.Azure;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>azure-blob</c>, against Azurite.</summary>
public class AzureBlobSampleTests(ServedSamples samples) : SampleTests(samples)
{
    private readonly string _container = $"c{Guid.NewGuid():N}";

    private string Blobs(string variant = "")
    {
        var path = Path("azure-blob", "go");
        Assert.SkipWhen(Samples.Storage is null, TestTools.WhyMissing(AzuriteServer.Program) ?? "");
        return path.Replace("azure-blob", "azure-blob" + variant, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blob_IsWritten_Read_AndDeleted()
    {
        var blob = $"{Blobs()}/{_container}/note.bin";
        var sent = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        using var content = new ByteArrayContent(sent) { Headers = { ContentType = new MediaTypeHeaderValue("image/x-sample") } };

        using var made = await Client.PutAsync($"{Blobs()}/{_container}", null, Cancellation);
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var written = await Client.PutAsync(blob, content, Cancellation);
        Assert.Equal(HttpStatusCode.Created, written.StatusCode);

        using var read = await Client.GetAsync(blob, Cancellation);
        Assert.Equal((HttpStatusCode.OK, "image/x-sample"), (read.StatusCode, read.Content.Headers.ContentType?.ToString()));
        Assert.Equal(sent, await read.Content.ReadAsByteArrayAsync(Cancellation));

        using var deleted = await Client.DeleteAsync(blob, Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        using var gone = await Client.GetAsync(blob, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task BlobNameWithBlanksAndUmlauts_IsSigned_AsItIsSent()
    {
        var blob = $"{Blobs()}/{_container}/{Uri.EscapeDataString("a b ü+%.txt")}";
        using var made = await Client.PutAsync($"{Blobs()}/{_container}", null, Cancellation);

        using var written = await Client.PutAsync(blob, new StringContent("text"), Cancellation);

        Assert.Equal(HttpStatusCode.Created, written.StatusCode);
        Assert.Equal("text", await Client.GetStringAsync(blob, Cancellation));
    }

    [Fact]
    public async Task MissingContainer_IsTheServices404()
    {
        using var response = await Client.PutAsync($"{Blobs()}/{_container}/a", new StringContent("x"), Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("ContainerNotFound", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongKey_IsTold_WithTheSettingThatHasIt()
    {
        using var response = await Client.PutAsync($"{Blobs("-wrong-key")}/{_container}", null, Cancellation);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(
            "the service does not accept the key in AZURE_STORAGE_KEY (it answered 403)\n",
            await response.Content.ReadAsStringAsync(Cancellation));
        await Eventually.Becomes(
            () => Samples.Runtime.Log, log => log.Contains("the service answered 403: ", StringComparison.Ordinal), cancellationToken: Cancellation);
    }
}
