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
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

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
        using var more = new MemoryStream(",again"u8.ToArray());
        await RunAsync(_folder.PathOf("guest.wat"), more, "-d", "@-");
        Assert.Equal("text,file,stdin,again", Output);
    }

    [Fact]
    public async Task RecordedRequest_IsAnsweredAgain_AndCanBeChanged()
    {
        var file = _folder.PathOf("bug.http");
        var recorded = await SendAsync(
            Wat.Dump, "-X", "PURGE", "--path", "/ä", "--query", "y=1", "-H", "X-One: 1", "-H", "X-Two: 2", "-H", "host: example.com", "-d", "12\n\n45\n", "--record", file);
        Assert.Equal(new CommandOutcome(0, "", ""), recorded);
        Assert.Equal("PURGE /%C3%A4?y=1 HTTP/1.1\nHost: example.com\nX-One: 1\nX-Two: 2\n\n12\n\n45\n", File.ReadAllText(file));
        var first = Output;
        Assert.Contains("\0CONTENT_LENGTH=7\0", first, StringComparison.Ordinal);
        Assert.Equal(new CommandOutcome(0, "", ""), await SendAsync(Wat.Dump, "--replay", file));
        Assert.Equal(first + first, Output);

        await SendAsync(Wat.Dump, "--replay", file, "-H", "x-one: 3", "--query", "z=2", "-d", "x");
        var changed = Output[(2 * first.Length)..];
        foreach (var variable in (string[])["REQUEST_METHOD=PURGE", "QUERY_STRING=y=1&z=2", "HTTP_X_ONE=3", "HTTP_X_TWO=2", "CONTENT_LENGTH=1"])
        {
            Assert.Contains($"\0{variable}\0", changed, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Credentials_AreNotRecorded_AndThatIsSaid()
    {
        var file = _folder.PathOf("bug.http");
        var outcome = await SendAsync(Wat.Dump, "-H", "Authorization: Bearer hunter2", "-H", "cookie: id=hunter2", "--record", file);
        Assert.Equal($"{file}: without Authorization and cookie, which should not be passed on; --header adds them again when you replay the request\n", outcome.Error);
        Assert.Equal("GET / HTTP/1.1\nHost: localhost\n\n", File.ReadAllText(file));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == OwnersAlone);

        // A file that others could read becomes the user's alone.
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, OwnersAlone | UnixFileMode.OtherRead);
        }

        outcome = await SendAsync(Wat.Dump, "-H", "Proxy-Authorization: Basic hunter2", "--record", file);
        Assert.Equal($"{file}: without Proxy-Authorization, which should not be passed on; --header adds it again when you replay the request\n", outcome.Error);
        Assert.Equal("GET / HTTP/1.1\nHost: localhost\n\n", File.ReadAllText(file));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == OwnersAlone);
    }

    [Fact]
    public async Task Replay_ReadsStdin()
    {
        using var input = new MemoryStream("PUT /a HTTP/1.1\nX-One: 1\n\n123"u8.ToArray());
        Assert.Equal(new CommandOutcome(0, "", ""), await RunAsync(_folder.Write("guest.wat", Wat.Dump), input, "--replay", "-"));
        Assert.Contains("\0REQUEST_METHOD=PUT\0", Output, StringComparison.Ordinal);
        Assert.Contains("\0CONTENT_LENGTH=3\0", Output, StringComparison.Ordinal);

        using var wrong = new MemoryStream("nonsense"u8.ToArray());
        var outcome = await RunAsync(_folder.PathOf("guest.wat"), wrong, "--replay", "-");
        Assert.Equal(2, outcome.Code);
        Assert.Contains("stdin:1: 'nonsense' is no request line", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HeaderThatIsNotAscii_ReachesTheModule()
    {
        Assert.Equal(new CommandOutcome(0, "", ""), await SendAsync(Wat.Dump, "-H", "X-Y: ä"));
        Assert.Contains("\0HTTP_X_Y=ä\0", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BodyThatIsTooLarge_IsAnswered()
    {
        using var input = new MemoryStream(new byte[(32 << 20) + 1]);
        var outcome = await RunAsync(_folder.Write("guest.wat", Wat.Echo), input, "-d", "-", "-i");
        Assert.Equal(1, outcome.Code);
        Assert.StartsWith("HTTP/1.1 413 ", Output, StringComparison.Ordinal);
        Assert.Contains("413 the request body is larger than 33554432 bytes (request ", Output, StringComparison.Ordinal);
        Assert.DoesNotContain("breaks off", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("400, the request is not valid: Invalid request target\n", "--path", "/%00")]
    [InlineData("400, the request is not valid: ", "-H", "Transfer-Encoding: nonsense", "-d", "abc")]
    public async Task RequestThatTheServerRefuses_IsSaidWhy(string message, params string[] options)
    {
        var outcome = await SendAsync(Wat.Dump, [.. options, "-i"]);
        Assert.Equal(1, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400 Bad Request\n", Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("# As an editor has it.\r\n\r\nPUT http://example.com:81/a//../b?x=1\r\nContent-Length: 3\r\n\r\n123", "REQUEST_METHOD=PUT", "HTTP_HOST=example.com:81", "PATH_INFO=/a/b", "QUERY_STRING=x=1", "CONTENT_LENGTH=3")]
    [InlineData("GET https://example.com?x=1 HTTP/2\nHost: other.example.com", "HTTP_HOST=other.example.com", "PATH_INFO=/", "QUERY_STRING=x=1")]
    public async Task RequestFile_MayBeWrittenByHand(string text, params string[] expected)
    {
        var outcome = await SendAsync(Wat.Dump, "--replay", _folder.Write("bug.http", text));
        Assert.Equal(new CommandOutcome(0, "", ""), outcome);
        foreach (var variable in expected)
        {
            Assert.Contains($"\0{variable}\0", Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "bug.http' holds no request; one begins with a line such as 'GET /path HTTP/1.1'")]
    [InlineData("# x\nHost: example.com\n", "bug.http:2: 'Host: example.com' is no request line")]
    [InlineData("GET / FTP\n", "bug.http:1: 'GET / FTP' is no request line such as 'GET /path HTTP/1.1'")]
    [InlineData("GET a HTTP/1.1\n", "bug.http:1: 'a' is neither a path, which begins with a slash, nor a URL")]
    [InlineData("POST / HTTP/1.1\n{}", "bug.http:2: '{}' is not 'NAME: VALUE'; an empty line ends the headers")]
    [InlineData("POST / HTTP/1.1\nContent-Length: 3\n\n{}", "bug.http: Content-Length says 3, and the body has 2 bytes; leave the header out, then it is counted")]
    [InlineData("POST / HTTP/1.1\ntransfer-encoding: chunked\n\n", "bug.http:2: the body is taken as it stands in the file")]
    public async Task FileThatIsNoRequest_IsSaid(string text, string message)
    {
        var outcome = await SendAsync(Wat.Dump, "--replay", _folder.Write("bug.http", text));
        Assert.Equal(2, outcome.Code);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
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
    [InlineData(2, "--header 'Host: a b' names no host, which may have a port, such as www.example.com:8080", "-H", "Host: a b")]
    [InlineData(2, "--header 'Host: x:99999' names no host", "-H", "Host: x:99999")]
    [InlineData(2, "--header 'Host:' names no host", "-H", "Host:")]
    [InlineData(2, "--header: Content-Length says 2, and the body has 3 bytes; leave the header out, then it is counted", "-H", "Content-Length: 2", "-d", "abc")]
    [InlineData(2, "--body '@' names no file", "-d", "@")]
    [InlineData(2, "--replay '' names no file", "--replay", "")]
    [InlineData(2, "--record '' names no file", "--record", "")]
    [InlineData(2, "--record -: stdout is for the answer; name a file", "--record", "-")]
    [InlineData(2, "--replay - and --body @- both read stdin; one of them needs a file", "--replay", "-", "-d", "@-")]
    [InlineData(2, "--path '' does not begin with a slash", "--path", "")]
    [InlineData(2, "'more' is an argument, and a request has none: the module's come from --query", "--path", "/", "--", "more")]
    [InlineData(2, "--replay '/no/such' cannot be read: ", "--replay", "/no/such")]
    [InlineData(1, "--record '/no/such/file' cannot be written: ", "--record", "/no/such/file")]
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
