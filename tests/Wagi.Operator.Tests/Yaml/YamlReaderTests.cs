using Wagi.Operator.Yaml;

namespace Wagi.Operator.Tests.Yaml;

public sealed class YamlReaderTests
{
    private const string Manifest = """
        apiVersion: wagi.dev/v1alpha1
        kind: WagiClass
        metadata: &m {name: shared, annotations: {wagi.dev/is-default-class: "true"}}
        spec:
          routes: {mode: 'Prefix', list: [a, b]}
          text: |
            two
            lines
          again: *m
        --- # another
        - 1
        """;

    /// <summary>The library has kinds of exceptions of its own for some of these.</summary>
    [Theory]
    [InlineData("kind: [WagiClass\nmetadata:\n  name: shared\n")]
    [InlineData("kind: [\n")]
    public void TextThatIsNoYaml_IsAProblem(string text)
    {
        Assert.Empty(YamlReader.Read(text, "a.yaml", out var problem));
        Assert.StartsWith("a.yaml:", problem?.ToString(), StringComparison.Ordinal);
        Assert.Contains("error: not well-formed YAML", problem?.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind: WagiModule\nspec:\n\troute: /a\n", "3:1")]
    [InlineData("kind: WagiModule\nspec:\n  route: /a\n\tmodule: b\n", "4:1")]
    [InlineData("kind: WagiModule\nspec:\n  env:\n  \t- a\n", "4:3")]
    public void TabInTheIndentation_IsLocated_AndNamed(string text, string place)
    {
        Assert.Empty(YamlReader.Read(text, "a.yaml", out var problem));
        Assert.Equal($"a.yaml:{place}: error: not well-formed YAML: the line is indented with a tab (indent with spaces)", problem?.ToString());
    }

    [Fact]
    public void AnyChangeOfAText_IsReadOrIsAProblem()
    {
        const string Characters = "{}[]:,-?&*!|>'\"%@`#\n\t \\0a\0\ufeff\u2028";
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var text = Manifest.ToCharArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                text[random.Next(text.Length)] = Characters[random.Next(Characters.Length)];
            }

            Assert.Null(Record.Exception(() => YamlReader.Read(new string(text), "a.yaml", out _)));
        }
    }
}
