using System.Net;
using System.Text;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>primes</c>, as its compiler made it and as wasm-opt and wizer make it, and as the runtime does.</summary>
public class PrimesSampleTests(ServedSamples samples) : SampleTests(samples)
{
    private const string Preinitialized = "c, preinitialized";

    public static TheoryData<string> Variants => ["c", "c-opt", "c-wizer", "c-wizer-opt", Preinitialized];

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Primes_AnswersTheSame_HoweverItWasOptimized(string variant)
    {
        var path = variant == Preinitialized ? Samples.RequirePreinitialized("primes", "c") : Path("primes", variant);

        Assert.Equal("1 is not prime; there are 0 primes up to it\n", await Client.GetStringAsync($"{path}?n=1", Cancellation));
        Assert.Equal("2 is prime; there are 1 primes up to it\n", await Client.GetStringAsync($"{path}?n=2", Cancellation));
        Assert.Equal("3999971 is prime; there are 283146 primes up to it\n", await Client.GetStringAsync($"{path}?n=3999971", Cancellation));
        Assert.Equal("4000000 is not prime; there are 283146 primes up to it\n", await Client.GetStringAsync($"{path}?n=4000000", Cancellation));
        using var outside = await Client.GetAsync($"{path}?n=4000001", Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, outside.StatusCode);
    }

    [Theory]
    [InlineData("c", false)]
    [InlineData("c-wizer", true)]
    public async Task Wizer_KeepsTheTable_AndTakesAwayWhatBuiltIt(string variant, bool initialized)
    {
        _ = Path("primes", variant);
        var wasm = await File.ReadAllBytesAsync(TestCluster.Product.Checkout.Sample($"primes-{variant}")!, Cancellation);

        Assert.Equal(!initialized, Encoding.Latin1.GetString(wasm).Contains("wizer-initialize", StringComparison.Ordinal));
        Assert.Equal(initialized, wasm.Length > 500_000);
    }
}
