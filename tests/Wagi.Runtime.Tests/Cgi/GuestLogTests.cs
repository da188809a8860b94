using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Cgi;

public class GuestLogTests
{
    private const string Head = "content-type: text/plain\n\n";

    private static async Task<List<string>> LogOfAsync(string stderr, int limit = 64 << 10, string repeat = "")
    {
        var (data1, head) = Wat.Print(Head);
        var (data2, error) = Wat.Print(stderr, 6000, fd: 2);
        await using var host = await HandlerHost.StartAsync(
            Wat.Start($"{head} {(repeat.Length > 0 ? repeat.Replace("CODE", error, StringComparison.Ordinal) : error)}", data1 + data2),
            defaults: new() { MaxStderr = limit });
        using var response = await host.Client.GetAsync("/");
        Assert.True(response.IsSuccessStatusCode);
        return [.. host.Log.Lines];
    }

    [Fact]
    public async Task Lines_AreLogged_WithModuleAndRequest()
    {
        var lines = await LogOfAsync("one\r\ntwo ä\n\nlast");

        Assert.Equal(3, lines.Count);
        Assert.All(lines, line => Assert.Matches(@"^Information tests/handler \S+ stderr: (one|two ä|last)$", line));
    }

    [Fact]
    public async Task ControlCharacters_AreReplaced()
    {
        var line = Assert.Single(await LogOfAsync("\u001b[31mred\u0007\n"));

        Assert.EndsWith("\uFFFD[31mred\uFFFD", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789", "CODE CODE CODE CODE")]
    [InlineData("0123456789012345678901234567890123456789", "CODE")]
    [InlineData("0123456789012345678901234\n", "CODE")]
    public async Task TooMuch_IsCut_AndTheLogSaysSo(string text, string code)
    {
        var lines = await LogOfAsync(text, limit: 25, repeat: code);

        Assert.Equal(2, lines.Count);
        Assert.EndsWith("stderr: 0123456789012345678901234", lines[0], StringComparison.Ordinal);
        Assert.Contains("the rest is dropped", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooManyLines_AreDropped()
    {
        var lines = await LogOfAsync("x\n", limit: 1 << 20, repeat: """
            (loop $again CODE
              (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))
            """);

        Assert.InRange(lines.Count, 500, 2000);
    }
}
