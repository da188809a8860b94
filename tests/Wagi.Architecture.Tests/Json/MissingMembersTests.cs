using System.Text.Json;

namespace Wagi.Architecture.Tests.Json;

/// <summary>
/// What an API server, a registry, another version's runtime or a person writes leaves members out or sets them to null. Whatever is
/// read from JSON then either is refused with a <see cref="JsonException"/>, or holds what its type promises.
/// </summary>
public sealed class MissingMembersTests
{
    public static TheoryData<string> Types => [.. JsonDocumentType.All.Select(type => type.ToString())];

    [Theory]
    [MemberData(nameof(Types))]
    public void MissingOrNullMember_IsRefusedOrReadsAsPromised(string type)
    {
        var document = JsonDocumentType.All.Single(candidate => candidate.ToString() == type);
        var full = SampleDocument.Full(document.TypeInfo);
        Assert.Empty(BrokenPromises.Of(document.Read(full.ToJsonString())!));

        var broken = SampleDocument.Damaged(full)
            .SelectMany(damaged => Broken(document, damaged.Json).Select(promise => $"{damaged.Place}: {promise}"))
            .Distinct()
            .ToList();

        Assert.True(broken.Count == 0, string.Join('\n', broken));
    }

    /// <summary>That the types above are found at all: one from each place that JSON comes from.</summary>
    [Theory]
    [InlineData("RuntimePod of RuntimesJsonContext")]
    [InlineData("WagiModule of ResourcesJsonContext")]
    [InlineData("Manifest of ContentJsonContext")]
    [InlineData("DockerConfig of AuthenticationJsonContext")]
    [InlineData("RuntimeStatus of StatusJsonContext")]
    [InlineData("ModuleSecrets of SecretsJsonContext")]
    [InlineData("ReferenceRecord of CacheJsonContext")]
    public void TypesThatAreReadFromJson_AreFound(string type) => Assert.Contains(type, (IEnumerable<string>)Types.Select(row => (string)row.Data));

    private static IReadOnlyList<string> Broken(JsonDocumentType document, string json)
    {
        try
        {
            return document.Read(json) is { } value ? BrokenPromises.Of(value) : [];
        }
        catch (JsonException)
        {
            return [];
        }
#pragma warning disable CA1031 // What else it throws is what is looked for.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return [$"reading throws {exception.GetType().Name}: {exception.Message}"];
        }
    }
}
