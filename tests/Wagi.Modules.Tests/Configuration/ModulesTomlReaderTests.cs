using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Tests.Signatures;
using Wagi.Modules.Volumes;

namespace Wagi.Modules.Tests.Configuration;

public sealed class ModulesTomlReaderTests
{
    private const string Good =
        """

        [[module]]
        route = "/good"
        module = "good.wasm"
        """;

    private static ModulesFile Read(string toml) => ModulesTomlReader.Read(toml, "modules.toml");

    [Fact]
    public void EveryKeyOfWagi_IsRead()
    {
        var file = Read(
            """
            # A comment.
            [[module]]
            route = "/a/..."          # another
            module = "oci:example.com/a:v1"
            entrypoint = "main"
            argv = "${SCRIPT_NAME} ${ARGS}"
            volumes = { "/data" = "/srv/data", "/pages" = "pages:ro" }
            environment = { KEY = "value" }
            allowed_hosts = ["https://api.example.com", "insecure:allow-all"]
            http_max_concurrency = 5
            preinitialize = true
            bindle_server = "http://localhost:8080/v1"
            """);
        Assert.Empty(file.Problems);
        var entry = Assert.Single(file.Entries);
        Assert.Equal("/a/...", entry.Id);
        Assert.Equal("/a/...", entry.Route.ToString());
        Assert.Equal("oci://example.com/a:v1", entry.Module.ToString());
        Assert.Equal("main", entry.Entrypoint);
        Assert.Equal("${SCRIPT_NAME} ${ARGS}", entry.Argv);
        Assert.Equal([new Volume("/data", "/srv/data"), new Volume("/pages", "pages", IsReadOnly: true)], entry.Volumes);
        Assert.Equal("value", entry.Environment["KEY"]);
        Assert.Equal(["https://api.example.com:443", "insecure:allow-all"], entry.AllowedHosts.Select(host => host.ToString()));
        Assert.Equal(5, entry.HttpMaxConcurrency);
        Assert.Equal(Preinitialization.Deterministic, entry.Preinitialization);
        Assert.Equal("http://localhost:8080/v1", entry.BindleServer);
        Assert.Equal(new SourceLocation("modules.toml", 2, 1), entry.Location);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("pass_authorization = false", false)]
    [InlineData("pass_authorization = true", true)]
    public void Authorization_IsPassed_OnlyWhenTheEntrySaysSo(string line, bool expected)
    {
        var file = Read($"[[module]]\nroute = \"/a\"\nmodule = \"a.wasm\"\n{line}\n");
        Assert.Empty(file.Problems);
        Assert.Equal(expected, Assert.Single(file.Entries).PassAuthorization);
    }

    [Fact]
    public void SignatureKey_IsRead_AsBase64OrAsWholePem()
    {
        var file = Read(
            $"""
            [[module]]
            route = "/a"
            module = "oci:example.com/a:v1"
            signature_keys = ["{SignatureKeyTests.P256}", '''
            -----BEGIN PUBLIC KEY-----
            {SignatureKeyTests.P256[..64]}
            {SignatureKeyTests.P256[64..]}
            -----END PUBLIC KEY-----
            ''']
            """);
        Assert.Empty(file.Problems);
        Assert.Equal([SignatureKeyTests.P256, SignatureKeyTests.P256], Assert.Single(file.Entries).SignatureKeys);
    }

    [Theory]
    [InlineData("oci:example.com/a:v1", "signature_keys = [\n\"AAAA\"]", 6, "not a public key")]
    [InlineData("oci:example.com/a:v1", "signature_keys = [\"\"]", 5, "public key")]
    [InlineData("oci:example.com/a:v1", "signature_keys = \"KEY\"", 5, "array")]
    [InlineData("a.wasm", "signature_keys = [\"KEY\"]", 5, "only a module in an OCI registry can be signed")]
    [InlineData("bindle:a/1.0.0", "signature_keys = [\"KEY\"]", 5, "only a module in an OCI registry can be signed")]
    [InlineData("oci:example.com/a:v1", "signature_keys = [KEYS]", 5, "lists 17 keys and may list 16")]
    public void EntryWhoseSignatureCannotBeChecked_IsRefused_WithItsLine(string module, string keys, int line, string expected)
    {
        keys = keys.Replace("KEYS", string.Join(", ", Enumerable.Repeat("\"KEY\"", 17)), StringComparison.Ordinal)
            .Replace("KEY", SignatureKeyTests.P256, StringComparison.Ordinal);
        var file = Read($"{Good}\n[[module]]\nroute = \"/a\"\nmodule = \"{module}\"\n{keys}".TrimStart());
        Assert.Equal("/good", Assert.Single(file.Entries).Id);
        var problem = Assert.Single(file.Problems);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Equal(line + 2, problem.Location.Line);
    }

    [Fact]
    public void ModuleWithWhatItRequires_IsATable()
    {
        var file = Read("[[module]]\nroute = \"/a\"\nmodule = { reference = \"a.wasm\", requires = [\"one\", \"more\"] }\n");
        Assert.Empty(file.Problems);
        var entry = Assert.Single(file.Entries);
        Assert.Equal("a.wasm", entry.Module.ToString());
        Assert.Equal(["one", "more"], entry.Requires);
    }

    /// <summary>Served without it, an entry would lack a protection that whoever wrote it counts on.</summary>
    [Theory]
    [InlineData("{ reference = \"a.wasm\", requires = \"signature\" }", "'module.requires' must be an array of strings and is a string")]
    [InlineData("{ reference = \"a.wasm\", requires = [\"\"] }", "'module.requires' contains an empty name")]
    [InlineData("{ reference = \"a.wasm\", require = [\"signature\"] }", "unknown key 'module.require'")]
    [InlineData("{ requires = [\"signature\"] }", "'module.reference' is missing")]
    [InlineData("{ reference = \"a.wasm\", requires = [\"signature\"] }", "'module.requires' asks for a signature, and there are no 'signature_keys' to check it with")]
    [InlineData("\"a.wasm\"\nrequires = [\"signature\"]", "'requires' stands beside 'module' and belongs into it")]
    public void EntryWhoseRequirementsCannotBeRead_IsRefused(string module, string expected)
    {
        var file = Read($"[[module]]\nid = \"a\"\nroute = \"/a\"\nmodule = {module}\n");
        Assert.Empty(file.Entries);
        Assert.Equal("a", Assert.Single(file.Rejected).Id);
        Assert.Contains(expected, Assert.Single(file.Problems, problem => problem.Severity == ProblemSeverity.Error).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EnvironmentInItsOwnTable_IsRead()
    {
        var file = Read(
            """
            [[module]]
            route = "/a"
            module = "a.wasm"
            environment.FIRST = "1"
            [module.volumes]
            "/data" = "data"

            [[module]]
            route = "/b"
            module = "b.wasm"
            """);
        Assert.Empty(file.Problems);
        Assert.Equal("1", file.Entries[0].Environment["FIRST"]);
        Assert.Equal([new Volume("/data", "data")], file.Entries[0].Volumes);
        Assert.Empty(file.Entries[1].Volumes);
    }

    [Theory]
    [InlineData("route = 5\nmodule = \"a.wasm\"", "modules.toml:2:9: error: 'route' must be a string and is an integer")]
    [InlineData("module = \"a.wasm\"", "modules.toml:1:1: error: 'route' is missing (add a line such as route = \"/hello\")")]
    [InlineData("route = \"/a\"", "modules.toml:1:1: error: 'module' is missing (add a line such as module = \"hello.wasm\")")]
    [InlineData("route = \"a\"\nmodule = \"a.wasm\"", "modules.toml:2:9: error: route 'a' must start with '/'")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nhosts = [\"http://x\"]", "modules.toml:4:10: error: host 'http://x' is not a DNS name")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\ntimeout = \"soon\"", "modules.toml:4:11: error: 'timeout': 'soon' is not a duration")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nmemory_limit = \"1Ki\"", "modules.toml:4:16: error: 'memory_limit': '1Ki' must be between 64Ki, one page, and 4Gi")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nvolumes = { \"/data\" = \":ro\" }", "modules.toml:4:11: error: 'volumes': the folder of the host for '/data' is empty; '.' is that of modules.toml")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nvolumes = { \"\" = \"data\" }", "modules.toml:4:11: error: 'volumes': the path that the guest sees is empty; name one such as /data")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\npreinitialize = \"sometimes\"", "modules.toml:4:17: error: 'preinitialize' must be true, false or \"with-random\"")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\npreinitialize = 1", "modules.toml:4:17: error: 'preinitialize' must be true, false or \"with-random\"")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nmax_concurrency = 0", "modules.toml:4:19: error: 'max_concurrency' must be a positive integer")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nrate_limit = \"100\"", "modules.toml:4:14: error: 'rate_limit': '100' is not a number of requests, 1 to 999999, in a second, a minute or an hour")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nrate_limit = 100", "modules.toml:4:14: error: 'rate_limit' must be a string and is an integer")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\ncompress = \"gzip\"", "modules.toml:4:12: error: 'compress' must be true or false")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\npass_authorization = \"true\"", "modules.toml:4:22: error: 'pass_authorization' must be true or false")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nid = \"\"", "modules.toml:4:6: error: 'id' is empty (without the line it is the route)")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nenvironment = { \"\" = \"1\" }", "modules.toml:4:22: error: 'environment' has a variable without a name")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nenvironment = { \"a=b\" = \"1\" }", "modules.toml:4:25: error: 'environment.a=b': the name of a variable cannot contain '='")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nmodule = \"b.wasm\"", "modules.toml:4:1: error: key 'module' is there twice")]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\nargv = \"x\"", "modules.toml:3:")]
    public void WrongEntry_IsNamedByLine_AndTheOthersStay(string entry, string problem)
    {
        var file = Read($"[[module]]\n{entry}\n{Good}");
        Assert.Equal("/good", Assert.Single(file.Entries).Id);
        Assert.StartsWith(problem, file.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void WrongEntry_IsRejected_UnderItsId()
    {
        var file = Read("[[module]]\nid = \"default/a\"\nroute = \"a\"\nmodule = \"a.wasm\"" + Good);
        Assert.Equal("default/a", Assert.Single(file.Rejected).Id);
        Assert.False(file.IsDamaged);
    }

    [Fact]
    public void BrokenToml_IsASyntaxError_AndWhatIsWholeIsRead()
    {
        var file = Read("[[module]\nroute = \"/a\"\n" + Good);
        Assert.True(file.IsDamaged);
        Assert.Equal("/good", Assert.Single(file.Entries).Id);
        Assert.Equal(1, file.Problems[0].Location.Line);
    }

    [Theory]
    [InlineData("rateLimit", "rate_limit")]
    [InlineData("allowed-hosts", "allowed_hosts")]
    public void KeyThatIsSpelledAsElsewhere_IsRefused_ForWhatItLimitsWouldNotHold(string key, string meant)
    {
        var file = Read($"[[module]]\n{key} = \"1/s\"\nroute = \"/a\"\nmodule = \"a.wasm\"\n{Good}");
        Assert.Equal("/good", Assert.Single(file.Entries).Id);
        Assert.Equal($"modules.toml:2:{key.Length + 4}: error: unknown key '{key}' (write '{meant}')", Assert.Single(file.Problems).ToString());
    }

    [Theory]
    [InlineData("timout", "timeout")]
    [InlineData("allowed", "allowed_hosts")]
    public void UnknownKey_IsAWarning_WithTheKeyThatWasMeant(string key, string meant)
    {
        var file = Read($"[[module]]\n{key} = []\nroute = \"/a\"\nmodule = \"a.wasm\"");
        Assert.Single(file.Entries);
        Assert.Equal(
            $"modules.toml:2:{key.Length + 4}: warning: unknown key '{key}' is ignored (did you mean '{meant}'?)",
            Assert.Single(file.Problems).ToString());
    }

    [Theory]
    [InlineData("environment = { A = \"1\", QUERY_STRING = \"a=b\" }", "4:41: warning: 'environment.QUERY_STRING' has no effect (every request sets QUERY_STRING; choose another name)")]
    [InlineData("environment = { AUTH_TYPE = \"Basic\" }", "4:29: warning: 'environment.AUTH_TYPE' has no effect (every request sets AUTH_TYPE; choose another name)")]
    [InlineData("environment = { HTTP_X = \"for requests without X\" }", null)]
    public void VariableThatEveryRequestSets_IsAWarning(string environment, string? warning)
    {
        var file = Read($"[[module]]\nroute = \"/a\"\nmodule = \"a.wasm\"\n{environment}");
        Assert.Single(file.Entries);
        Assert.Equal(warning is null ? [] : ["modules.toml:" + warning], file.Problems.Select(problem => problem.ToString()));
    }

    [Theory]
    [InlineData("/a/:id", ":id")]
    [InlineData("/{id}", "{id}")]
    [InlineData("/x/*", "*")]
    [InlineData("/x/**/y", "**")]
    [InlineData("/<id>/y", "<id>")]
    [InlineData("/v1:run", null)]
    [InlineData("/...", null)]
    public void RouteWithAVariableOfOthers_IsAWarning(string route, string? segment)
    {
        var file = Read($"[[module]]\nroute = \"{route}\"\nmodule = \"a.wasm\"");
        Assert.Single(file.Entries);
        Assert.Equal(
            segment is null ? [] : [$"modules.toml:2:9: warning: route '{route}' matches the segment '{segment}' and no other (end a route in '/...' for everything below it; the module finds the rest in PATH_INFO)"],
            file.Problems.Select(problem => problem.ToString()));
    }

    [Theory]
    [InlineData("preinitialize = yes", "'preinitialize' is true, false or \"with-random\"")]
    [InlineData("preinitialize = True", "'preinitialize' is true, false or \"with-random\"")]
    [InlineData("pass_authorization = yes", "'pass_authorization' is true or false")]
    [InlineData("compress = on", "'compress' is true or false")]
    [InlineData("rate_limit = 100/s", "a text stands in quotes: rate_limit = \"100/s\"")]
    [InlineData("timeout = 5s", "a text stands in quotes: timeout = \"5s\"")]
    [InlineData("entrypoint = main", "a text stands in quotes: entrypoint = \"main\"")]
    public void ValueWithoutQuotes_IsASyntaxError_WithAHint(string line, string hint)
    {
        var file = Read($"[[module]]\nroute = \"/a\"\nmodule = \"a.wasm\"\n{line}\n");
        var problem = file.Problems[0].ToString();
        Assert.StartsWith("modules.toml:4:", problem, StringComparison.Ordinal);
        Assert.EndsWith($"({hint})", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsNoText_IsOneError()
    {
        var file = Read("\0asm\u0001\0\0\0\u0001\u0005\u0001`");
        Assert.True(file.IsDamaged);
        Assert.Equal(
            "modules.toml:1:1: error: this is not a text file (modules.toml is TOML; a module itself is named in it)",
            Assert.Single(file.Problems).ToString());
    }

    [Fact]
    public void MissingQuote_IsFewErrors_AndTheFirstNamesItsLine()
    {
        var file = Read("[[module]]\nroute = \"/a\nmodule = \"a.wasm\"\nargv = \"x y\"\nid = \"b\"\n" + Good);
        Assert.Equal("/good", Assert.Single(file.Entries).Id);
        Assert.InRange(file.Problems.Length, 1, 3);
        Assert.Equal(2, file.Problems[0].Location.Line);
    }

    [Fact]
    public void SecondEntryWithTheSameId_IsRefused_ByTheLineOfTheFirst()
    {
        var file = Read(Good + "\n" + Good);
        Assert.Single(file.Entries);
        Assert.Equal(
            "modules.toml:6:1: error: route '/good' is taken by the entry at line 2 (one route leads to one module)",
            Assert.Single(file.Problems).ToString());
    }

    [Fact]
    public void SingleModuleTable_IsExplained()
    {
        var file = Read("[module]\nroute = \"/a\"\nmodule = \"a.wasm\"");
        Assert.Contains("write [[module]]", file.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing\n")]
    public void FileWithoutModules_HasNoProblem(string toml)
    {
        var file = Read(toml);
        Assert.Empty(file.Entries);
        Assert.Empty(file.Problems);
    }

    /// <summary>What a parser may give up on by throwing: nesting, and values that no type of .NET holds.</summary>
    public static TheoryData<string> Extremes =>
    [
        $"argv = {new string('[', 70)}{new string(']', 70)}",
        $"argv = {new string('[', 200_000)}",
        $"argv = {Repeat("{ a = ", 70)}1{Repeat(" }", 70)}",
        $"argv = {Repeat("{ a = ", 100_000)}",
        $"{Repeat("a.", 100_000)}b = 1",
        $"[module.{Repeat("a.", 100_000)}b]",
        $"max_concurrency = {new string('9', 100_000)}",
        "max_concurrency = 0xFFFFFFFFFFFFFFFFFFFFFFFF",
        "max_concurrency = 1e999999999",
        "timeout = 9999-99-99T99:99:99Z",
        "argv = \"\\U00110000\"",
        "argv = \"\\uD800\"",
        "argv = \"\uD800\"",
        $"\"{new string('a', 100_000)}\" = 1",
        "[[module.module]]",
        "[[[module]]]",
        "[]",
        "= 1",
    ];

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    [Theory]
    [MemberData(nameof(Extremes))]
    public void ExtremeInput_IsAProblemOfItsTable_AndNotAnException(string line)
    {
        var file = Read($"[[module]]\nroute = \"/bad\"\nmodule = \"bad.wasm\"\n{line}\n{Good}");
        Assert.Equal("/good", file.Entries[^1].Id);
        Assert.Contains(file.Problems, problem => problem.Location.Line is 1 or 4);
        Assert.All(file.Problems, problem => Assert.InRange(problem.ToString().Length, 1, 1000));
    }

    /// <summary>Neither a path nor an argument nor an environment variable can hold it, and whoever passes it on throws.</summary>
    [Theory]
    [InlineData("route = \"/a\"\nmodule = \"a\\u0000.wasm\"", 3)]
    [InlineData("route = \"/a\\u0000\"\nmodule = \"a.wasm\"", 2)]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nvolumes = { \"/data\" = \"a\\u0000\" }", 4)]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nvolumes = { \"/\\u0000\" = \"a\" }", 4)]
    [InlineData("route = \"/a\"\nmodule = \"a.wasm\"\nenvironment = { A = \"\\u0000\" }", 4)]
    public void NulCharacter_IsAProblem(string entry, int line)
    {
        var file = Read($"[[module]]\n{entry}\n{Good}");
        Assert.Equal("/good", Assert.Single(file.Entries).Id);
        var problem = Assert.Single(file.Problems);
        Assert.Equal(line, problem.Location.Line);
        Assert.Contains("NUL", problem.Message, StringComparison.Ordinal);
    }

    /// <summary>What a reader sees of a file while it is being written.</summary>
    [Fact]
    public void EveryBeginningOfAFile_IsReadWithoutAnException()
    {
        var text = $$""""
            {{Good}}
            volumes = { "/data" = "data:ro" }
            allowed_hosts = ["https://api.example.com", 'insecure:allow-all']
            argv = """
            a \u0041
            """
            [module.environment]
            A.B = 0x1F # a number
            {{Good}}
            """";
        for (var length = 0; length <= text.Length; length++)
        {
            Read(text[..length]);
        }
    }
}
