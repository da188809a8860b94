using System.Net;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>files</c>, with a volume.</summary>
public class FilesSampleTests(ServedSamples samples) : SampleTests(samples)
{
    /// <summary>AssemblyScript's library has no files for it to serve.</summary>
    public static TheoryData<string> LanguagesWithFiles => ["c", "rust", "go", "zig", "c-component", "rust-component", "rust-wasip2"];

    [Theory]
    [MemberData(nameof(LanguagesWithFiles))]
    public async Task File_IsWritten_AndReadAgain(string language)
    {
        var path = $"{Path("files", language)}/a.bin";
        var content = Enumerable.Range(0, 100_000).Select(i => (byte)(i * 31)).ToArray();

        using var before = await Client.GetAsync(path, Cancellation);
        using var put = await Client.PutAsync(path, new ByteArrayContent(content), Cancellation);
        var after = await Client.GetByteArrayAsync(path, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, before.StatusCode);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(content, after);
        Assert.Equal(content, await File.ReadAllBytesAsync(System.IO.Path.Combine(Samples.VolumeOf(language), "a.bin"), Cancellation));
    }

    [Theory]
    [MemberData(nameof(LanguagesWithFiles))]
    public async Task Folder_IsNoFile_AndAnEmptyFileIs(string language)
    {
        Directory.CreateDirectory(System.IO.Path.Combine(Samples.VolumeOf(language), "folder"));
        await File.WriteAllTextAsync(System.IO.Path.Combine(Samples.VolumeOf(language), "empty"), "", Cancellation);

        using var folder = await Client.GetAsync($"{Path("files", language)}/folder", Cancellation);
        using var empty = await Client.GetAsync($"{Path("files", language)}/empty", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, folder.StatusCode);
        Assert.Equal((HttpStatusCode.OK, ""), (empty.StatusCode, await empty.Content.ReadAsStringAsync(Cancellation)));
    }

    [Theory]
    [MemberData(nameof(LanguagesWithFiles))]
    public async Task FileOutside_IsNotServed(string language)
    {
        var path = Path("files", language);
        var link = System.IO.Path.Combine(Samples.VolumeOf(language), "link");
        File.CreateSymbolicLink(link, "../modules.toml");

        using var byLink = await Client.GetAsync($"{path}/link", Cancellation);
        using var byDots = await Client.GetAsync($"{path}/%2e%2e%2fmodules.toml", Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, byLink.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, byDots.StatusCode);
    }
}
