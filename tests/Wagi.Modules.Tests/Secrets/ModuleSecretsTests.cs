using System.Text.RegularExpressions;
using Wagi.Modules.Secrets;

namespace Wagi.Modules.Tests.Secrets;

public sealed partial class ModuleSecretsTests
{
    [Fact]
    public void Key_IsTheReadableId() => Assert.Equal("shop.hello.json", ModuleSecrets.KeyFor("shop/hello"));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 184)]
    [InlineData(63, 185)]
    [InlineData(63, 253)]
    [InlineData(1, 253)]
    public void Key_IsOneThatASecretTakes(int @namespace, int name)
    {
        var key = ModuleSecrets.KeyFor(new string('s', @namespace) + "/" + new string('n', name));

        Assert.InRange(key.Length, 1, 253);
        Assert.Matches(SecretKey(), key);
        Assert.EndsWith(".json", key, StringComparison.Ordinal);
    }

    [Fact]
    public void LongNames_ThatDifferAtTheEnd_HaveKeysOfTheirOwn()
    {
        var beginning = "shop/" + new string('n', 252);

        Assert.NotEqual(ModuleSecrets.KeyFor(beginning + "a"), ModuleSecrets.KeyFor(beginning + "b"));
    }

    [Fact]
    public void Key_StaysTheSame_FromReleaseToRelease() => Assert.Equal(
        "shop." + new string('n', 178) + "_33f44a95f5b986494cd110e42cea6d52a32a2d7519ce56fbb071b01de6f397ff.json",
        ModuleSecrets.KeyFor("shop/" + new string('n', 253)));

    [Fact]
    public void Json_EscapesNoMoreThanItMust()
    {
        var secrets = new ModuleSecrets { Version = "1", DockerConfigs = ["<é漢+'&>"] };

        Assert.Contains("<é漢+'&>", System.Text.Encoding.UTF8.GetString(secrets.ToJson()), StringComparison.Ordinal);
        Assert.Equal(secrets.DockerConfigs, ModuleSecrets.FromJson(secrets.ToJson()).DockerConfigs);
    }

    /// <summary>As <c>core/v1</c> validates the keys of a Secret (<c>IsConfigMapKey</c>).</summary>
    [GeneratedRegex("^[-._a-zA-Z0-9]+$")]
    private static partial Regex SecretKey();
}
