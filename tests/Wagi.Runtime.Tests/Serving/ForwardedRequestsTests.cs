using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Composition;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Serving;

/// <summary>What modules see of requests that come through proxies. The test's own connection, from 127.0.0.1, is that of the last one.</summary>
public sealed class ForwardedRequestsTests(ForwardedRequestsTests.Servers servers) : IClassFixture<ForwardedRequestsTests.Servers>
{
    /// <summary>What there is to see without a proxy that is believed.</summary>
    private const string Own = "127.0.0.1 http://shop.example:81/a";

    [Theory]
    [InlineData("X-Forwarded-For: 192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example", "192.0.2.1 https://www.example/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1:4711\r\nX-Forwarded-Proto: HTTPS", "192.0.2.1 https://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Host: [2001:db8::2]:8443", "2001:db8::1 http://[2001:db8::2]:8443/a")]
    [InlineData("X-Forwarded-For: [2001:db8::1]:4711", "2001:db8::1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: ::ffff:192.0.2.1", "192.0.2.1 http://shop.example:81/a")]

    // What stands before the first address that is not trusted was written by whoever it belongs to.
    [InlineData("X-Forwarded-For: 198.51.100.9, 192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1, 10.1.2.3", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.1.2.3\r\nX-Forwarded-Proto: http, https, http", "192.0.2.1 https://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1, 10.1.2.3\r\nX-Forwarded-Host: evil.example, www.example, inner.example", "192.0.2.1 http://www.example/a")]
    [InlineData("X-Forwarded-For: 10.1.2.4, 10.1.2.3", "10.1.2.4 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1, unknown", Own)]
    [InlineData("X-Forwarded-For: 192.0.2.1,", Own)]

    // A proxy that names no address vouches for no other field than its own.
    [InlineData("X-Forwarded-Proto: gopher, https\r\nX-Forwarded-Host: evil.example, www.example", "127.0.0.1 https://www.example/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Host: a/b", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: www.example:port", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: www.example:70000", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: user@www.example", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("Forwarded: for=192.0.2.1;host=www.example", Own)]
    [InlineData("Accept: */*", Own)]
    public async Task XForwarded_IsBelieved_AsFarAsItsWritersAreTrusted(string fields, string seen) =>
        Assert.Equal(seen, await SeeAsync(fields, "--trusted-proxies", "127.0.0.1,10.0.0.0/8"));

    [Theory]
    [InlineData("Forwarded: for=192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("Forwarded: For=192.0.2.1;Proto=https;by=10.0.0.1;Host=\"www.example:8443\"", "192.0.2.1 https://www.example:8443/a")]
    [InlineData("Forwarded: for=\"192.0.2.1:4711\" ; proto = https", "192.0.2.1 https://shop.example:81/a")]
    [InlineData("Forwarded: for=\"[2001:db8::1]:4711\"", "2001:db8::1 http://shop.example:81/a")]
    [InlineData("Forwarded: for=\"\\192.0.2.1\"", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("Forwarded: for=198.51.100.9;proto=https, for=192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("Forwarded: for=192.0.2.1;proto=https;host=www.example, for=10.1.2.3;host=inner.example", "192.0.2.1 https://www.example/a")]
    [InlineData("Forwarded: for=192.0.2.1;proto=https\r\nForwarded: for=10.1.2.3", "192.0.2.1 https://shop.example:81/a")]
    [InlineData("Forwarded: for=192.0.2.1, for=unknown;proto=https", "127.0.0.1 https://shop.example:81/a")]
    [InlineData("Forwarded: for=192.0.2.1, for=_hidden", Own)]
    [InlineData("Forwarded: for=192.0.2.1, proto=https", "127.0.0.1 https://shop.example:81/a")]
    [InlineData("Forwarded: for=\"192.0.2.1, for=198.51.100.9\"", Own)]

    // A client that leaves a quoted string open does not take in what the proxy adds.
    [InlineData("Forwarded: for=\"198.51.100.9, for=192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("Forwarded: for=\"a\\\", for=192.0.2.1;host=\"www.example\"", "192.0.2.1 http://www.example/a")]
    [InlineData("Forwarded: ;;=, for=192.0.2.1", "192.0.2.1 http://shop.example:81/a")]
    [InlineData("X-Forwarded-For: 192.0.2.1", Own)]
    public async Task Forwarded_IsBelieved_AsFarAsItsWritersAreTrusted(string fields, string seen) =>
        Assert.Equal(seen, await SeeAsync(fields, "--trusted-proxies", "127.0.0.1, 10.0.0.0/8", "--proxy-fields", "forwarded"));

    [Theory]
    [InlineData("10.0.0.0/8", "x-forwarded")]
    [InlineData("10.0.0.0/8", "forwarded")]
    [InlineData("::1", "x-forwarded")]
    [InlineData(null, "x-forwarded")]
    public async Task FieldsOfAnybodyElse_ChangeNothing(string? trusted, string fields) => Assert.Equal(Own, await SeeAsync(
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example\r\nForwarded: for=192.0.2.1;proto=https;host=www.example",
        trusted is null ? [] : ["--trusted-proxies", trusted, "--proxy-fields", fields]));

    [Fact]
    public async Task HostThatIsBelieved_LeadsToItsModule_WhichSeesTheFieldsAsTheyWereSent()
    {
        await using var host = await ServerHost.ServeAsync(
            "[[module]]\nroute = \"/...\"\nhosts = [\"www.example\"]\nmodule = \"guest.wat\"\n", Wat.Dump, "--trusted-proxies", "127.0.0.0/8");

        var answer = await host.SendRawAsync(
            "GET / HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: www.example\r\nConnection: close\r\n\r\n");

        Assert.Contains("\0HTTP_HOST=www.example\0", answer, StringComparison.Ordinal);
        Assert.Contains("\0SERVER_NAME=www.example\0", answer, StringComparison.Ordinal);
        Assert.Contains("\0HTTP_X_FORWARDED_FOR=192.0.2.1\0", answer, StringComparison.Ordinal);
        Assert.Contains("\0HTTP_X_FORWARDED_HOST=www.example\0", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("HTTP_X_ORIGINAL", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SchemeThatIsBelieved_DecidesThePort()
    {
        await using var host = await ServerHost.StartAsync(Wat.Dump, "/...", "--trusted-proxies", "127.0.0.1");

        var answer = await host.SendRawAsync("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n");

        Assert.Contains("\0SERVER_PORT=443\0", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--trusted-proxies: '10.0.0.0/33' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "10.0.0.0/33")]
    [InlineData("--trusted-proxies: 'proxy.example' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "10.0.0.0/8,,proxy.example")]
    [InlineData("--trusted-proxies: '1.2.3' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "1.2.3")]
    [InlineData("--trusted-proxies: '10' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "10")]
    [InlineData("--trusted-proxies: '0x7f000001' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "0x7f000001")]
    [InlineData("--trusted-proxies: '10.0.0.1/8' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "10.0.0.1/8")]
    [InlineData("--trusted-proxies: '[::1]:80' is neither an address nor a network such as 10.0.0.0/8, with zeros after the prefix", "--trusted-proxies", "[::1]:80")]
    [InlineData("--outbound-deny: '10.1/16' is neither a network such as 10.96.0.0/12, with zeros after the prefix, nor HOST:PORT", "--outbound-deny", "10.1/16")]
    [InlineData("--default-host 'a:b:c' is not HOST or HOST:PORT, such as www.example.com or [::1]:8080", "--default-host", "a:b:c")]
    [InlineData("--default-host 'a b' is not HOST or HOST:PORT, such as www.example.com or [::1]:8080", "--default-host", "a b")]
    [InlineData("--default-host 'a:99999' is not HOST or HOST:PORT, such as www.example.com or [::1]:8080", "--default-host", "a:99999")]
    [InlineData("--default-host '/x' is not HOST or HOST:PORT, such as www.example.com or [::1]:8080", "--default-host", "/x")]
    [InlineData("--default-host '::1' is not HOST or HOST:PORT, such as www.example.com or [::1]:8080", "--default-host", "::1")]
    [InlineData("--default-host '' is not HOST or HOST:PORT, such as www.example.com or [::1]:8080", "--default-host", "")]
    [InlineData("--trusted-proxies names no proxy; leave it out if there is none", "--trusted-proxies", "")]
    [InlineData("--trusted-proxies names no proxy; leave it out if there is none", "--trusted-proxies", " , ")]
    [InlineData(
        "--trusted-proxies: '::/0' is everybody, so that each client could say that it is another; name the proxies' networks", "--trusted-proxies", "10.0.0.0/8,::/0")]
    [InlineData("--proxy-fields needs --trusted-proxies: the proxies whose fields are believed", "--proxy-fields", "forwarded")]
    public void AddressesAndHostsThatAreNone_AreNamed(string expected, params string[] arguments)
    {
        var refusal = Assert.Throws<UsageException>(() => Read(arguments));

        Assert.Equal(expected, refusal.Message);
    }

    [Theory]
    [InlineData("--trusted-proxies", "::1,fd00:0::/8,10.0.0.0/8")]
    [InlineData("--default-host", "a")]
    [InlineData("--default-host", "www.example.com:8080")]
    [InlineData("--default-host", "[::1]")]
    [InlineData("--default-host", "[::1]:80")]
    [InlineData("--default-host", "192.0.2.1:80")]
    public void AddressesAndHosts_AreTaken(params string[] arguments) => Read(arguments);

    private static ServeOptions Read(string[] arguments)
    {
        var serve = new ServeArguments();
        var command = new Command("serve") { serve.Argument };
        foreach (var option in serve.Options)
        {
            command.Options.Add(option);
        }

        return serve.Read(command.Parse(["-c", "later.toml", "--wait-for-config", .. arguments]));
    }

    private async Task<string> SeeAsync(string fields, params string[] arguments)
    {
        var host = await servers.GetAsync(arguments);
        var answer = await host.SendRawAsync($"GET /a HTTP/1.1\r\nHost: shop.example:81\r\n{fields}\r\nConnection: close\r\n\r\n");
        return $"{Variable("REMOTE_ADDR")} {Variable("X_FULL_URL")}";

        string Variable(string name)
        {
            var start = answer.IndexOf($"\0{name}=", StringComparison.Ordinal) + name.Length + 2;
            return answer[start..answer.IndexOf('\0', start)];
        }
    }

    /// <summary>One server for each set of arguments.</summary>
    public sealed class Servers : IAsyncDisposable
    {
        private readonly Dictionary<string, ServerHost> _hosts = new(StringComparer.Ordinal);

        internal async Task<ServerHost> GetAsync(string[] arguments)
        {
            var key = string.Join(' ', arguments);
            if (!_hosts.TryGetValue(key, out var host))
            {
                host = await ServerHost.StartAsync(Wat.Dump, "/...", arguments);
                _hosts.Add(key, host);
            }

            return host;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var host in _hosts.Values)
            {
                await host.DisposeAsync();
            }
        }
    }
}
