using Wagi.TestCluster;

namespace Wagi.EndToEnd.Samples;

/// <summary>Tests that share one <see cref="ServedSamples"/>; one whose sample could not be built is skipped with the reason.</summary>
[Collection(nameof(ServedSamplesCollection))]
public abstract class SampleTests
{
    protected SampleTests(ServedSamples samples)
    {
        Assert.SkipWhen(TestTools.WhyNoProcess is not null, TestTools.WhyNoProcess ?? "");
        Samples = samples;
    }

    /// <summary>The languages of <c>samples/</c> whose handlers come out of a compiler.</summary>
    public static TheoryData<string> Languages => ["c", "rust", "go", "assemblyscript", "zig"];

    /// <summary>All of them; some samples are there as WebAssembly text, too.</summary>
    public static TheoryData<string> LanguagesAndText => [.. Languages, "wat"];

    /// <summary>What is there as a component of WASI 0.2, too: with an adapter, and by Rust's own target.</summary>
    public static TheoryData<string> LanguagesAndComponent => [.. Languages, "c-component", "rust-wasip2"];

    /// <summary>All of these together.</summary>
    public static TheoryData<string> LanguagesTextAndComponent => [.. LanguagesAndText, "c-component", "rust-wasip2"];

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected ServedSamples Samples { get; }

    protected HttpClient Client => Samples.Runtime.Client;

    /// <summary>The path that a sample is served at.</summary>
    protected string Path(string sample, string language) => Samples.Require(sample, language);
}
