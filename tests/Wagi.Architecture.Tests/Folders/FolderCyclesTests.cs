using Xunit;

namespace Wagi.Architecture.Tests.Folders;

public sealed class FolderCyclesTests
{
    public static TheoryData<string> Projects =>
    [
        .. Directory.EnumerateFiles(Checkout.Root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Checkout.Root, path))
            .Where(path => !path.StartsWith("artifacts", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_OfAProject_NameEachOtherInOneDirectionOnly(string project)
    {
        var folder = Path.Combine(Checkout.Root, Path.GetDirectoryName(project)!);

        var cycles = FolderCycles.Of(FolderReferences.Read(Checkout.Assembly(project), folder));

        Assert.True(cycles.Count == 0, string.Join('\n', cycles));
    }

    [Fact]
    public void Cycle_IsDescribedByItsFoldersAndTheTypesThatCloseIt()
    {
        var cycles = FolderCycles.Of(
        [
            new FolderReference("Top", "Left", ["Program → Server"]),
            new FolderReference("Left", "Middle", ["Server → Pool"]),
            new FolderReference("Middle", "Right", ["Pool → Slot", "Pool → Size"]),
            new FolderReference("Right", "Left", ["Slot → Server"]),
            new FolderReference("Right", "Bottom", ["Slot → Bytes"]),
        ]);

        Assert.Equal(
            """
            Left · Middle · Right name each other:
              Left → Middle: Server → Pool
              Middle → Right: Pool → Slot, Pool → Size
              Right → Left: Slot → Server
            """,
            Assert.Single(cycles));
    }

    [Fact]
    public void References_AreFoundInSignaturesBodiesAttributesAndUsingDirectives()
    {
        var references = FolderReferences.Read(typeof(FolderCyclesTests).Assembly.Location, Path.Combine(Checkout.Root, "tests", "Wagi.Architecture.Tests"));

        Assert.All(references, reference => Assert.Equal("Wagi.Architecture.Tests", reference.To));
        Assert.Contains("JsonDocumentType → Product", references.Single(reference => reference.From.EndsWith(".Json", StringComparison.Ordinal)).Types);
    }
}
