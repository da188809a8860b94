namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>env</c>.</summary>
public class EnvSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [MemberData(nameof(LanguagesAndComponent))]
    public async Task Env_Lists_ArgumentsAndVariables(string language)
    {
        var path = Path("env", language);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{path}?a=1&b&c=%20")
        {
            Content = new StringContent("12345"),
            Headers = { { "X-Custom", "a=b" }, { "Authorization", "Bearer secret" } },
        };

        using var response = await Client.SendAsync(request, Cancellation);

        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal("text/plain; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var parts = text.Split("\n\n");
        Assert.Equal([$"arg 0: {path}", "arg 1: a=1", "arg 2: b", "arg 3: c=%20"], parts[0].Split('\n'));
        var lines = parts[1].TrimEnd('\n').Split('\n');
        Assert.Equal(lines.Order(StringComparer.Ordinal), lines);
        var variables = lines.Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal("Grüß dich", variables["GREETING"]);
        Assert.Equal("PUT", variables["REQUEST_METHOD"]);
        Assert.Equal("5", variables["CONTENT_LENGTH"]);
        Assert.Equal("a=1&b&c=%20", variables["QUERY_STRING"]);
        Assert.Equal(path, variables["SCRIPT_NAME"]);
        Assert.Equal("a=b", variables["HTTP_X_CUSTOM"]);
        Assert.Equal("CGI/1.1", variables["GATEWAY_INTERFACE"]);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }
}
