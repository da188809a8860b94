using System.Text;
using Wagi.Runtime.Commands;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Tests.Volumes;
using Wagi.TestCluster;
using Wagi.TestCluster.Registry;

namespace Wagi.Runtime.Tests.Commands;

/// <summary><c>wagi run</c> that answers a request.</summary>
public sealed class RunRequestTests : IDisposable
{
    private const string Head = "Content-Type: text/plain\n\n";

    private readonly CommandFolder _folder = new();
    private readonly MemoryStream _output = new();

    private string Output => Encoding.UTF8.GetString(_output.ToArray());

    private Task<CommandOutcome> SendAsync(string wat, params string[] options) => RunAsync(_folder.Write("guest.wat", wat), Stream.Null, options);

    private Task<CommandOutcome> RunAsync(string what, Stream input, params string[] options) => CommandFolder.RunAsync(
        new StandardStreams(input, _output, Stream.Null), ["run", what, "--module-cache", _folder.Cache, .. options]);

    [Fact]
    public async Task Answer_IsTheBody_AndWithIncludeTheHeadToo()
    {
        Assert.Equal(new CommandOutcome(0, "", ""), await SendAsync(Wat.Printing("Status: 404 Gone fishing\n" + Head + "hello\n"), "--path", "/"));
        Assert.Equal("hello\n", Output);

        await SendAsync(Wat.Printing("Status: 404 Gone fishing\n" + Head + "hello\n"), "-i");
        Assert.StartsWith("hello\nHTTP/1.1 404 Gone fishing\n", Output, StringComparison.Ordinal);
        Assert.Contains("\nContent-Type: text/plain\n", Output, StringComparison.Ordinal);
        Assert.EndsWith("\n\nhello\n", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_IsWhatTheCommandLineSays()
    {
        var outcome = await SendAsync(
            Wat.Dump, "-X", "PURGE", "--path", "/a//b/%2e?x=1", "--query", "y=ä b", "-H", "X-One: 1", "-H", "Content-Type: text/css", "-H", "host: example.com", "-d", "12345", "-e", "A=1");
        Assert.Equal(new CommandOutcome(0, "", ""), outcome);
        foreach (var variable in (string[])["REQUEST_METHOD=PURGE", "PATH_INFO=/a//b/", "QUERY_STRING=x=1&y=%C3%A4%20b", "HTTP_X_ONE=1", "CONTENT_TYPE=text/css", "HTTP_HOST=example.com", "CONTENT_LENGTH=5", "A=1"])
        {
            Assert.Contains($"\0{variable}\0", Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Body_IsText_OrAFile_OrStdin()
    {
        await SendAsync(Wat.Echo, "--body", "text,");
        await SendAsync(Wat.Echo, "--body", "@" + _folder.Write("body", "file,"));
        using var input = new MemoryStream("stdin"u8.ToArray());
        await RunAsync(_folder.Write("guest.wat", Wat.Echo), input, "--body", "-");
        Assert.Equal("text,file,stdin", Output);
    }

    [Fact]
    public async Task Method_IsPostWithABody_AndGetWithout()
    {
        await SendAsync(Wat.Dump, "--body", "");
        Assert.Contains("\0REQUEST_METHOD=POST\0", Output, StringComparison.Ordinal);
        await SendAsync(Wat.Dump, "--path", "/");
        Assert.Contains("\0REQUEST_METHOD=GET\0", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModulesToml_DecidesWhoAnswers_AndWhatItMay()
    {
        _folder.Write("guest.wat", Wat.Dump);
        _folder.Write("modules.toml", """
            [[module]]
            route = "/dump/..."
            module = "guest.wat"
            environment = { A = "1", B = "2" }
            [[module]]
            route = "/broken"
            module = "none.wat"
            """);
        var outcome = await RunAsync(_folder.PathOf(""), Stream.Null, "--path", "/dump/x", "-e", "B=3");
        Assert.Equal(0, outcome.Code);
        Assert.Contains("modules.toml:5:1: error: module '/broken': there is no file", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("\0PATH_INFO=/x\0", Output, StringComparison.Ordinal);
        Assert.Contains("\0A=1\0", Output, StringComparison.Ordinal);
        Assert.Contains("\0B=3\0", Output, StringComparison.Ordinal);

        Assert.Equal(1, (await RunAsync(_folder.PathOf(""), Stream.Null, "--path", "/nowhere")).Code);
        Assert.Contains("404 no module has this route (request ", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Volume_IsSeen()
    {
        Directory.CreateDirectory(_folder.PathOf("data"));
        var outcome = await SendAsync(FileGuest.Writing("a"), "--volume", $"/data={_folder.PathOf("data")}", "-d", "text");
        Assert.Equal(0, outcome.Code);
        Assert.Equal("text", File.ReadAllText(_folder.PathOf("data/a")));
    }

    [Fact]
    public async Task ModuleThatFails_EndsWithAnotherCodeThan0_AndSaysWhy()
    {
        var trapped = await SendAsync(Wat.Start("unreachable"), "--path", "/");
        Assert.Equal(134, trapped.Code);
        Assert.Contains(" trapped: ", trapped.Error, StringComparison.Ordinal);
        Assert.StartsWith("500 the module failed (request ", Output, StringComparison.Ordinal);

        Assert.Equal(124, (await SendAsync(Wat.Start("(loop $again (br $again))"), "--path", "/", "--timeout", "50ms")).Code);
        Assert.Equal(1, (await SendAsync(Wat.Printing("nonsense"), "--path", "/")).Code);

        var (data, code) = Wat.Print(Head + new string('x', 100_000));
        var cut = await SendAsync(Wat.Start(code + "unreachable", data), "--path", "/");
        Assert.Equal(134, cut.Code);
        Assert.Contains("the answer breaks off, as it does for a client", cut.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stderr_IsPrinted()
    {
        var (data, code) = Wat.Print("oops\n", fd: 2);
        var (more, answer) = Wat.Print(Head, 8192);
        Assert.Contains(" stderr: oops\n", (await SendAsync(Wat.Start(code + answer, data + more), "--path", "/")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--path 'a' does not begin with a slash", "--path", "a")]
    [InlineData(2, "--method 'A B' is not a method", "-X", "A B")]
    [InlineData(2, "--header 'nonsense' is not 'NAME: VALUE'", "-H", "nonsense")]
    [InlineData(2, "'more' is an argument, and a request has none: the module's come from --query", "--path", "/", "--", "more")]
    [InlineData(1, "--body '@/no/such' cannot be read: ", "-d", "@/no/such")]
    [InlineData(1, "guest.wat: the module does not export a function 'go'", "--path", "/", "--entrypoint", "go")]
    public async Task WhatIsNoRequest_IsSaid(int code, string message, params string[] options)
    {
        var outcome = await SendAsync(Wat.Printing("hello"), options);
        Assert.Equal(code, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Equal("", Output);
    }

    [Fact]
    public async Task ModulesToml_IsNoProgram_AndSaysWhatItIsGoodFor()
    {
        var outcome = await RunAsync(_folder.Write("modules.toml", ""), Stream.Null);
        Assert.Equal(2, outcome.Code);
        Assert.Contains("modules.toml' is no module: name one, or send a request with --path", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reference_IsRun_AndAnswersARequest()
    {
        Assert.SkipWhen(TestTools.WhyMissing(RegistryServer.Program) is not null, TestTools.WhyMissing(RegistryServer.Program) ?? "");
        await using var registry = await RegistryServer.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        var reference = $"{registry.Address}/me/hello:v1";
        Assert.Equal(0, (await CommandFolder.RunAsync("push", _folder.Write("guest.wat", Wat.Printing(Head + "hello")), reference)).Code);

        Assert.Equal(new CommandOutcome(0, "", ""), await RunAsync(reference, Stream.Null));
        Assert.Equal(new CommandOutcome(0, "", ""), await RunAsync("oci://" + reference, Stream.Null, "--path", "/"));
        Assert.Equal(Head + "hellohello", Output);
    }

    public void Dispose()
    {
        _output.Dispose();
        _folder.Dispose();
    }
}
