using System.Net;
using System.Text;

namespace Wagi.EndToEnd.Samples;

/// <summary>
/// The sample <c>primes</c>, as its compilers made it, as wasm-opt and wizer make it, and as the runtime does when it initializes it once.
/// </summary>
public class PrimesSampleTests(ServedSamples samples) : SampleTests(samples)
{
    private const string AskForANumber = "say ?n=NUMBER, from 1 to 4000000\n";

    public static TheoryData<string> Variants => ["c-opt", "c-wizer", "c-wizer-opt", .. ServedSamples.LanguagesOfPrimes];

    public static TheoryData<string> LanguagesOfPrimes => [.. ServedSamples.LanguagesOfPrimes];

    [Theory]
    [MemberData(nameof(Variants))]
    public Task Primes_AnswersTheSame_HoweverItWasOptimized(string variant) => AssertAnswersAsync(Path("primes", variant));

    [Theory]
    [MemberData(nameof(LanguagesOfPrimes))]
    public async Task Primes_AnswersTheSame_InitializedOnce(string language)
    {
        var path = Samples.RequirePreinitialized("primes", language);

        // A module that cannot be initialized in advance is served without, and answers the same.
        await Samples.AssertPreinitializedAsync(path, Cancellation);
        await AssertAnswersAsync(path);
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

    private async Task AssertAnswersAsync(string path)
    {
        Assert.Equal("1 is not prime; there are 0 primes up to it\n", await Client.GetStringAsync($"{path}?n=1", Cancellation));
        Assert.Equal("2 is prime; there are 1 primes up to it\n", await Client.GetStringAsync($"{path}?n=2", Cancellation));
        Assert.Equal("4097 is not prime; there are 564 primes up to it\n", await Client.GetStringAsync($"{path}?n=4097&n=2", Cancellation));
        Assert.Equal("3999971 is prime; there are 283146 primes up to it\n", await Client.GetStringAsync($"{path}?n=3999971", Cancellation));
        Assert.Equal("4000000 is not prime; there are 283146 primes up to it\n", await Client.GetStringAsync($"{path}?n=4000000", Cancellation));
        foreach (var query in (string[])["", "?m=7", "?n=", "?n=seven", "?n=0", "?n=-1", "?n=4000001", "?n=18446744073709551618"])
        {
            using var refused = await Client.GetAsync($"{path}{query}", Cancellation);
            Assert.Equal((HttpStatusCode.BadRequest, AskForANumber), (refused.StatusCode, await refused.Content.ReadAsStringAsync(Cancellation)));
            Assert.Equal("text/plain", refused.Content.Headers.ContentType?.ToString());
        }
    }
}
