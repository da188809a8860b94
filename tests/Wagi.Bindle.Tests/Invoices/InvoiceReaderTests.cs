using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;

namespace Wagi.Bindle.Tests.Invoices;

public sealed class InvoiceReaderTests
{
    private const string Head = "bindleVersion = \"1.0.0\"\n[bindle]\nname = \"example.com/a\"\nversion = \"1.0.0\"\n";
    private const string Hash = "23f310b54076878fd4c36f0c60ec92011a8b406349b98dd37d08577d17397de5";
    private const string OtherHash = "51534027079925942fdea13d4d088c7126f3e456364525b67d6ca0858d6587bc";

    private static Invoice Read(string toml) => InvoiceReader.Read(toml, "invoice.toml");

    private static string Failure(string toml)
    {
        var error = Assert.Throws<BindleException>(() => Read(toml));
        Assert.Equal(BindleErrorKind.InvalidInvoice, error.Kind);
        return error.Message;
    }

    /// <summary>Whatever a server leaves out or writes as something else: an invoice is read, or refused in words.</summary>
    [Fact]
    public void MissingOrMistypedKey_IsRefusedOrLeftOut()
    {
        string[] full =
        [
            "bindleVersion = \"1.0.0\"", "yanked = true", "[bindle]", "name = \"example.com/hello\"", "version = \"1.3.3\"",
            "[[group]]", "name = \"files\"", "[[parcel]]", $"label.sha256 = \"{Hash}\"", "label.mediaType = \"application/wasm\"",
            "label.name = \"hello.wasm\"", "label.size = 165", "label.feature.wagi.route = \"/\"", "conditions.memberOf = [\"files\"]",
            "conditions.requires = [\"files\"]",
        ];
        Assert.Empty(ReadOrRefuse(full)!.UnusableParcels);
        var read = 0;

        for (var line = 0; line < full.Length; line++)
        {
            var key = full[line].Split(" = ")[0];
            string[] replacements = key.StartsWith('[') ? [""] : ["", $"{key} = 7", $"{key} = \"\"", $"{key} = []", $"{key} = {{}}", $"{key} = [[]]"];
            foreach (var replacement in replacements)
            {
                if (ReadOrRefuse([.. full[..line], replacement, .. full[(line + 1)..]]) is { } invoice)
                {
                    read++;
                    Assert.DoesNotContain(null, invoice.Parcels);
                    Assert.All(invoice.Parcels, parcel => Assert.NotNull(parcel.Label.MediaType));
                }
            }
        }

        Assert.NotEqual(0, read);

        static Invoice? ReadOrRefuse(string[] lines)
        {
            try
            {
                return Read(string.Join('\n', lines));
            }
            catch (BindleException refused)
            {
                Assert.StartsWith("invoice.toml", refused.Message, StringComparison.Ordinal);
                return null;
            }
        }
    }

    /// <summary>Keys with dots and a nested table mean the same: Bindle's specification writes the one, its tools the other.</summary>
    [Fact]
    public void EveryField_IsRead_HoweverTheTablesAreWritten()
    {
        var invoice = Read($$"""
            bindleVersion = "1.0.0"
            yanked = true

            [bindle]
            name = "example.com/hello"
            version = "1.3.3-beta.1+x"
            authors = ["Somebody <somebody@example.com>"]

            [annotations]
            myname = "myvalue"

            [[group]]
            name = "files"
            satisfiedBy = "allOf"

            [[parcel]]
            label.sha256 = "{{Hash}}"
            label.mediaType = "application/wasm"
            label.name = "hello.wasm"
            label.size = 165
            label.origin = "footastic 1.2.3"
            label.feature.wagi.route = "/"
            label.feature.gpu = { cores = 4, names = ["a"] }
            conditions.requires = ["files"]

            [[parcel]]
            [parcel.label]
            name = "img/a.png"
            mediaType = "image/png"
            size = 27611
            sha256 = '{{OtherHash.ToUpperInvariant()}}'
            [parcel.label.annotations]
            key = "value"
            [parcel.label.feature.wagi]
            file = "true"
            [parcel.conditions]
            memberOf = ["files", "more"]
            """);
        Assert.Equal("example.com/hello/1.3.3-beta.1+x", invoice.Name.ToString());
        Assert.True(invoice.IsYanked);
        Assert.Equal(["files"], invoice.Groups);
        Assert.Empty(invoice.UnusableParcels);
        var module = Assert.Single(invoice.Modules);
        Assert.Equal((Hash, "hello.wasm", 165), (module.Label.Sha256, module.Label.Name, module.Label.Size));
        Assert.Equal("/", Assert.Single(module.Label.Wagi, pair => pair.Key == "route").Value);
        Assert.Equal(["files"], module.Requires);
        var file = Assert.Single(invoice.RequiredBy(module));
        Assert.Equal((OtherHash, "img/a.png", "image/png"), (file.Label.Sha256, file.Label.Name, file.Label.MediaType));
        Assert.Equal(["files", "more"], file.MemberOf);
    }

    /// <summary>WAGI's own documentation writes two keys with an underscore.</summary>
    [Fact]
    public void SpellingsOfWagisDocumentation_AreRead()
    {
        var invoice = Read($$"""
            bindle_version = "1.0.0"
            [bindle]
            name = "a"
            version = "1.0.0"
            [[parcel]]
            label = { sha256 = "{{Hash}}", mediaType = "application/wasm", name = "m" }
            conditions = { member_of = ["files"] }
            """);
        Assert.Equal(["files"], Assert.Single(invoice.Parcels).MemberOf);
        Assert.Empty(invoice.Modules);
    }

    [Fact]
    public void GroupsOfGroups_AreFollowed_AndACycleEnds()
    {
        var invoice = Read(Head + string.Concat(
            Parcel("m", "requires = [\"a\"]"),
            Parcel("a1", "memberOf = [\"a\"]\nrequires = [\"b\"]"),
            Parcel("b1", "memberOf = [\"b\"]\nrequires = [\"a\"]"),
            Parcel("c1", "memberOf = [\"c\"]")));
        Assert.Equal(["a1", "b1"], invoice.RequiredBy(Assert.Single(invoice.Modules)).Select(parcel => parcel.Label.Name));
    }

    [Fact]
    public void ListsOfTables_MayTakeTurns()
    {
        var invoice = Read(Head + Parcel("a", "requires = []") + "[[group]]\nname = \"g\"\n" + Parcel("b", "requires = []") + "[[group]]\nname = \"h\"\n");
        Assert.Equal(["a", "b"], invoice.Parcels.Select(parcel => parcel.Label.Name));
        Assert.Equal(["g", "h"], invoice.Groups.Order());
    }

    [Theory]
    [InlineData("[[parcel]]\n", "parcel 1: 'label' is missing")]
    [InlineData("[[parcel]]\nlabel.name = \"x\"\n", "parcel 1 ('x'): 'label.sha256' is missing")]
    [InlineData("[[parcel]]\nlabel.name = \"x\"\nlabel.sha256 = \"e1706ab0\"\n", "parcel 1 ('x'): 'label.sha256' is 'e1706ab0' and should be 64 hexadecimal digits")]
    [InlineData("[[parcel]]\nlabel.sha256 = \"" + Hash + "\"\n", "parcel 1: 'label.mediaType' is missing")]
    [InlineData("[[parcel]]\nlabel.sha256 = 1\n", "parcel 1: 'sha256' should be a string")]
    [InlineData("[[parcel]]\nlabel.sha256 = \"" + Hash + "\"\nlabel.mediaType = \"x\"\nlabel.feature.wagi.file = true\n", "parcel 1: 'label.feature.wagi.file' should be a string")]
    [InlineData("[[parcel]]\nlabel.sha256 = \"" + Hash + "\"\nlabel.mediaType = \"x\"\nconditions.memberOf = \"a\"\n", "parcel 1: 'conditions.memberOf' should be a list of group names")]
    public void WrongParcel_IsReported_AndTheOthersCanBeUsed(string parcel, string reason)
    {
        var invoice = Read(Head + parcel + Parcel("good", "requires = []"));
        Assert.Equal(reason, Assert.Single(invoice.UnusableParcels));
        Assert.Equal("good", Assert.Single(invoice.Modules).Label.Name);
    }

    [Theory]
    [InlineData("", "invoice.toml: this is not an invoice: 'bindleVersion' is missing")]
    [InlineData("<!DOCTYPE html>", "invoice.toml:1:1: this is not TOML: ")]
    [InlineData("bindleVersion = \"1.0.0\"\n[bindle\n", "invoice.toml:2:8: this is not TOML: ")]
    [InlineData("bindleVersion = \"1.0.0\"\nbindleVersion = \"1.0.0\"\n", "invoice.toml:2:1: this is not TOML: key 'bindleVersion' is there twice")]
    [InlineData("bindleVersion = \"1.0.0\"\nbindleVersion.x = 1\n", "invoice.toml:2:1: this is not TOML: 'bindleVersion' is a value and cannot hold keys")]
    [InlineData("bindleVersion = \"2.0.0\"\n", "'bindleVersion' is '2.0.0', and 1.0.0 is what can be read")]
    [InlineData("bindleVersion = \"1.0.0\"\n", "'[bindle]' with name and version is missing")]
    [InlineData("bindleVersion = \"1.0.0\"\nbindle = 1\n", "'bindle' should be a table")]
    [InlineData("bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\n", "'bindle.version' is missing")]
    [InlineData("bindleVersion = \"1.0.0\"\n[bindle]\nname = \"a\"\nversion = \"1\"\n", "'1' should be one such as 1.0.0")]
    [InlineData(Head + "[parcel]\n", "'parcel' should be a list of tables: [[parcel]]")]
    public void WhatIsNoInvoice_IsAnError_WithPlaceAndReason(string toml, string reason) =>
        Assert.Contains(reason, Failure(toml), StringComparison.Ordinal);

    [Fact]
    public void InvoiceOfAnotherBindle_IsRefused()
    {
        Assert.True(BindleName.TryParse("example.com/b/1.0.0", out var name, out _));
        var error = Assert.Throws<BindleException>(() => InvoiceReader.Read(Head, name, "http://localhost/v1"));
        Assert.Equal("bindle example.com/b/1.0.0 of http://localhost/v1: its invoice is that of 'example.com/a/1.0.0'", error.Message);
    }

    private static string Parcel(string name, string conditions) =>
        $"[[parcel]]\n[parcel.label]\nname = \"{name}\"\nmediaType = \"application/wasm\"\nsha256 = \"{Hash}\"\n[parcel.conditions]\n{conditions}\n";
}
