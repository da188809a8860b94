using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Tests.WasiHttp;

namespace Wagi.Runtime.Tests.Wasip2;

/// <summary>Components that ask <c>wasi:config</c> for what is configured.</summary>
public class ComponentConfigTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static async Task<string> GetAsync(string body, HandlerText text)
    {
        var values = new[] { KeyValuePair.Create("api_key", "a=b"), KeyValuePair.Create("empty", ""), KeyValuePair.Create("grüße", "ü") };
        await using var host = await HandlerHost.StartAsync(
            text.Build([body]), entry: entry => entry with { Environment = entry.Environment.AddRange(values) });
        return await host.Client.GetStringAsync("/", Cancellation);
    }

    [Theory]
    [InlineData("config", "api_key", "01a=b")]
    [InlineData("config", "empty", "01")]
    [InlineData("config", "grüße", "01ü")]
    [InlineData("config", "api", "00")]
    [InlineData("config", "api_key=a", "00")]
    [InlineData("config", "", "00")]
    [InlineData("config", "REQUEST_METHOD", "00")]
    [InlineData("config-before", "api_key", "01a=b")]
    public async Task Value_IsThatOfTheEntrysEnvironment(string function, string key, string answer)
    {
        var text = FilesText.New();
        Assert.Equal(answer, await GetAsync($"""
            (call ${function} {text.Text(key)} (i32.const 0))
            (call $number (i32.load8_u (i32.const 0))) (call $number (i32.load8_u (i32.const 4)))
            (if (i32.load8_u (i32.const 4)) (then (call $print (i32.load (i32.const 8)) (i32.load (i32.const 12)))))
            """, text));
    }

    [Fact]
    public async Task AllValues_AreListed()
    {
        var answer = await GetAsync("""
            (call $config-all (i32.const 0)) (if (i32.load8_u (i32.const 0)) (then unreachable))
            (local.set $a (i32.load (i32.const 4))) (local.set $i (i32.load (i32.const 8)))
            (loop $more
              (call $print (i32.load (local.get $a)) (i32.load offset=4 (local.get $a))) (call $space)
              (call $print (i32.load offset=8 (local.get $a)) (i32.load offset=12 (local.get $a))) (call $space)
              (local.set $a (i32.add (local.get $a) (i32.const 16))) (local.set $i (i32.sub (local.get $i) (i32.const 1)))
              (br_if $more (local.get $i)))
            """, FilesText.New());

        Assert.Equal("api_key a=b empty  grüße ü ", answer);
    }
}
