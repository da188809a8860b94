using System.Text;
using System.Text.Json.Nodes;
using Wagi.Kubernetes.ApiServer;

namespace Wagi.Kubernetes.Tests.ApiServer;

public sealed class BodyEncoderTests
{
    [Fact]
    public void EveryCharacter_IsReadBack_AsJson()
    {
        var text = Everything();

        Assert.Equal(text, (string?)JsonNode.Parse(Encode(text))!["text"]);
    }

    [Fact]
    public void NoEscape_IsASurrogate_WhichYamlDoesNotKnow() =>
        Assert.DoesNotMatch("(?i)\\\\ud[89a-f]", Encode(Everything()));

    [Fact]
    public void EveryCharacterThatTomlHolds_TakesAtMostThreeTimesItsBytes()
    {
        var empty = Encoding.UTF8.GetByteCount(Encode(""));
        foreach (var rune in Runes().Where(rune => rune.Value is >= 0x20 and not 0x7f))
        {
            var text = rune.ToString();
            Assert.InRange(Encoding.UTF8.GetByteCount(Encode(text)) - empty, 1, 3 * Encoding.UTF8.GetByteCount(text));
        }
    }

    [Theory]
    [InlineData("<>&'+/é漢😀")]
    public void WhatNeedsNoEscape_GetsNone(string text) => Assert.Equal($"{{\"text\":\"{text}\"}}", Encode(text));

    [Theory]
    [InlineData("\u0085\u2028\u2029\ufeff\u007f\u0001")]
    public void WhatYamlReadsDifferently_IsEscaped(string text) =>
        Assert.All(Encode(text), character => Assert.InRange(character, ' ', '~'));

    private static string Everything() => string.Concat(Runes());

    private static IEnumerable<Rune> Runes() => Enumerable.Range(0, 0x11000).Where(Rune.IsValid).Append(0x1F600).Append(0x10FFFF).Select(value => new Rune(value));

    private static string Encode(string text) => Encoding.UTF8.GetString(BodyEncoder.Encode(new JsonObject { ["text"] = text }));
}
