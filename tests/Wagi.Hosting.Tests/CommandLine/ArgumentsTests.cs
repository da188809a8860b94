using System.CommandLine;
using Wagi.Hosting.CommandLine;

namespace Wagi.Hosting.Tests.CommandLine;

public sealed class ArgumentsTests
{
    private readonly Option<string> _option = new("--admin");

    [Theory]
    [InlineData("127.0.0.1:9", "127.0.0.1:9")]
    [InlineData("localhost:9", "127.0.0.1:9")]
    [InlineData("[::]:9", "[::]:9")]
    [InlineData("*:9", "[::]:9")]
    public void EndPoint_IsAddressAndPort(string text, string expected) => Assert.Equal(expected, Read(text));

    /// <summary>Every interface is listened on only if somebody says so.</summary>
    [Theory]
    [InlineData(":9", "--admin ':9' names no address: write 127.0.0.1:9 for this machine alone, or [::]:9 for every address")]
    [InlineData("9", "--admin '9' names no address: write 127.0.0.1:9 for this machine alone, or [::]:9 for every address")]
    [InlineData("host:9", "--admin 'host:9' is not IP:PORT; write for example 127.0.0.1:3000 or [::]:3000")]
    [InlineData("1.2.3:80", "--admin '1.2.3:80' is not IP:PORT; write for example 127.0.0.1:3000 or [::]:3000")]
    [InlineData("0x7f000001:80", "--admin '0x7f000001:80' is not IP:PORT; write for example 127.0.0.1:3000 or [::]:3000")]
    [InlineData("127.0.0.1", "--admin '127.0.0.1' is not IP:PORT; write for example 127.0.0.1:3000 or [::]:3000")]
    public void EndPointWithoutAnAddress_IsRefused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => Read(text)).Message);

    [Theory]
    [InlineData("'--nope' is not an option: it takes FILE ARGS (see '", "it", "a", "--nope")]
    [InlineData("'--admi' is not an option; did you mean '--admin'? (see '", "it", "--admi", "a")]
    [InlineData("", "it", "a", "--", "--nope", "-x")]
    [InlineData("", "it", "a", "--admin", "-x")]
    [InlineData("", "it", "-", "b")]
    [InlineData("", "it", "@no/such/file", "b")]
    public async Task UnknownOption_IsNoArgument_BeforeTheTwoDashes(string message, params string[] arguments)
    {
        var command = new Command("it") { new Argument<string>("FILE"), new Argument<string[]>("ARGS") { Arity = ArgumentArity.ZeroOrMore }, _option };
        command.SetAction(_ => 0);
        using var error = new StringWriter();

        var code = await CommandLineProgram.RunAsync(
            [command], arguments, new InvocationConfiguration { Error = error }, TestContext.Current.CancellationToken);

        Assert.Equal(message.Length == 0 ? 0 : 2, code);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    private string Read(string text) => Arguments.ReadEndPoint(new Command("serve") { _option }.Parse(["--admin", text]), _option).ToString();
}
