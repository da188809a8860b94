using System.Text.RegularExpressions;
using Xunit;

namespace Wagi.Architecture.Tests.Folders;

/// <summary>The order of the runtime's folders that <c>docs/contributing.md</c> tells.</summary>
public sealed partial class LayerTests
{
    private const string Prefix = "Wagi.Runtime.";

    [Fact]
    public void Folders_OfTheRuntime_UseOnlyLowerOnes()
    {
        var layers = ReadLayers();
        var references = FolderReferences.Read(Checkout.Assembly("runtime/Wagi.Runtime.csproj"), Path.Combine(Checkout.Root, "runtime"))
            .Where(reference => reference.From.StartsWith(Prefix, StringComparison.Ordinal) && reference.To.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(reference => (From: reference.From[Prefix.Length..], To: reference.To[Prefix.Length..], reference.Types))
            .ToList();

        Assert.NotEmpty(references);
        Assert.All(references, reference =>
        {
            Assert.Contains(reference.From, layers.Keys);
            Assert.Contains(reference.To, layers.Keys);
            Assert.True(
                layers[reference.To] < layers[reference.From], $"{reference.From} → {reference.To}: {string.Join(", ", reference.Types)}");
        });
    }

    /// <summary>Folder → height, from the sentence of the page: folders of one height are joined by "and".</summary>
    private static Dictionary<string, int> ReadLayers()
    {
        var sentence = Sentence().Match(File.ReadAllText(Path.Combine(Checkout.Root, "docs", "contributing.md")).Replace('\n', ' '));
        Assert.True(sentence.Success, "docs/contributing.md does not tell the order of the runtime's folders");
        return sentence.Groups["folders"].Value.Split(", ")
            .SelectMany((layer, height) => layer.Split(" and ").Select(folder => (folder, height)))
            .ToDictionary(pair => pair.folder, pair => pair.height, StringComparer.Ordinal);
    }

    [GeneratedRegex("a folder uses only folders of layers before its own: (?<folders>[^.]+)\\.")]
    private static partial Regex Sentence();
}
