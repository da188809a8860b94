using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Outbound;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Modules.Tests.Signatures;
using Wagi.Modules.Volumes;

namespace Wagi.Modules.Tests.Configuration;

public sealed class ModulesTomlWriterTests
{
    private static readonly ModuleEntry Small = new()
    {
        Id = "default/hello",
        Route = RoutePattern.Parse("/hello"),
        Module = new ModuleReference(ModuleScheme.Oci, "example.com/hello@sha256:00"),
    };

    [Fact]
    public void Entry_IsWritten_WithoutItsDefaults() => Assert.Equal(
        """
        [[module]]
        id = "default/hello"
        route = "/hello"
        module = "oci://example.com/hello@sha256:00"

        """,
        ModulesTomlWriter.Write(Small));

    [Fact]
    public void EveryCharacter_IsReadBack()
    {
        var every = string.Concat(Enumerable.Range(1, 0x10fff).Append(0x10ffff).Where(Rune.IsValid).Select(value => new Rune(value)));

        var file = ModulesTomlReader.Read(ModulesTomlWriter.Write(Small with { Argv = every }), "modules.toml");

        Assert.Empty(file.Problems);
        Assert.Equal(every, file.Entries.Single().Argv);
    }

    [Fact]
    public void WhatIsWritten_IsReadBack()
    {
        // Every character that TOML treats in its own way, and some that it must not.
        var text = Gen.OneOf('a', '"', '\\', '\n', '\r', '\t', '\x01', '\x1f', '\x7f', 'é', 'ü', '#', '=', '[', '\'').Array[0, 12].Select(characters => new string(characters));
        Gen.Select(text, text, Gen.Int[1, 1000], Gen.Int[1, 86_400_000], Gen.Long[ModuleLimits.MinMemory, ModuleLimits.MaxMemory]).Sample((key, value, number, milliseconds, bytes) =>
        {
            var entry = Small with
            {
                Hosts = [HostPattern.Parse("*.example.com")],
                Entrypoint = value,
                Argv = value,
                AllowedHosts = [AllowedHost.TryParse("https://example.com", out var host, out _) ? host : null!],
                HttpMaxConcurrency = number,
                BindleServer = value,
                Timeout = TimeSpan.FromMilliseconds(milliseconds),
                MemoryLimit = bytes,
                MaxConcurrency = number,
                Preinitialization = (Preinitialization)(number % 3),
                RateLimit = new RequestRate(number, TimeSpan.FromMinutes(1)),
                PassAuthorization = number % 2 == 0,
                Compress = number % 3 == 0,
                SecretsVersion = value,
                SignatureKeys = [SignatureKeyTests.P256],
                Requires = [value + "a", "b"],
                Revision = value,
                Volumes = [new Volume("/" + key.Replace("\0", "", StringComparison.Ordinal), "/" + value.Replace("\0", "", StringComparison.Ordinal), number % 2 == 0)],
                Environment = ImmutableSortedDictionary<string, string>.Empty.Add("K" + key.Replace('=', '-'), value),
            };
            var file = ModulesTomlReader.Read(ModulesTomlWriter.Write([entry]), "modules.toml");
            return file.Problems.IsEmpty && file.Entries.Single().HasSameMeaningAs(entry) && file.Entries.Single().Argv == value
                && file.Entries.Single().Preinitialization == entry.Preinitialization
                && file.Entries.Single().PassAuthorization == entry.PassAuthorization
                && file.Entries.Single().Compress == entry.Compress
                && file.Entries.Single().RateLimit == entry.RateLimit;
        });
    }

    [Fact]
    public void SpellingOrderAndRevision_HaveNoMeaning()
    {
        const string Before = """
            [[module]]
            id = "a/b"
            route = "/a"
            hosts = ["a.example.com", "b.example.com"]
            module = "oci://registry.example/hello:v1"
            allowed_hosts = ["https://one.example.com", "https://two.example.com"]
            timeout = "1m"
            environment = { "A" = "1", "B" = "2" }
            revision = "1"
            """;
        const string After = """
            # Of a later version.
            [[module]]
            revision = 'another'
            timeout = "60s"
            environment = { B = "2", A = '1' }
            allowed_hosts = ["https://two.example.com", "https://one.example.com"]
            module = "oci://registry.example/hello:v1"
            hosts = ["b.example.com", "a.example.com"]
            route = "/a"
            id = "a/b"
            """;

        Assert.True(Entry(Before).HasSameMeaningAs(Entry(After)));

        static ModuleEntry Entry(string toml) => Assert.Single(ModulesTomlReader.Read(toml, "modules.toml").Entries);
    }

    [Fact]
    public void EveryKey_HasAMeaning()
    {
        Assert.True(Small.HasSameMeaningAs(Small with { Location = new("elsewhere", 1, 1) }));
        Assert.False(Small.HasSameMeaningAs(Small with { Timeout = TimeSpan.FromSeconds(1) }));
        Assert.False(Small.HasSameMeaningAs(Small with { PassAuthorization = true }));
        Assert.False(Small.HasSameMeaningAs(Small with { Compress = true }));
        Assert.False(Small.HasSameMeaningAs(Small with { RateLimit = new RequestRate(1, TimeSpan.FromSeconds(1)) }));
        Assert.False(Small.HasSameMeaningAs(Small with { Requires = ["signature"] }));
        Assert.False(Small.HasSameMeaningAs(Small with { SignatureKeys = [SignatureKeyTests.P256] }));
        Assert.True((Small with { SignatureKeys = ["a", "b"] }).HasSameMeaningAs(Small with { SignatureKeys = ["b", "a"] }));
    }
}
