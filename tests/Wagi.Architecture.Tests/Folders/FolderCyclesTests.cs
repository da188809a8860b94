using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Xunit;

namespace Wagi.Architecture.Tests.Folders;

public sealed class FolderCyclesTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(ThisFolder(), "..", "..", ".."));

    /// <summary>The name of this folder's configuration: Debug or Release.</summary>
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    public static TheoryData<string> Projects =>
    [
        .. Directory.EnumerateFiles(Root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root, path))
            .Where(path => !path.StartsWith("artifacts", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_OfAProject_NameEachOtherInOneDirectionOnly(string project)
    {
        var folder = Path.Combine(Root, Path.GetDirectoryName(project)!);
        var assembly = Path.Combine(folder, "bin", Configuration, "net10.0", AssemblyNameOf(project) + ".dll");
        Assert.SkipUnless(File.Exists(assembly), $"{project} is not built; 'make build' does it");

        var cycles = FolderCycles.Of(FolderReferences.Read(assembly, folder));

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
        var references = FolderReferences.Read(typeof(FolderCyclesTests).Assembly.Location, Path.Combine(Root, "tests", "Wagi.Architecture.Tests"));

        Assert.All(references, reference => Assert.Equal("Wagi.Architecture.Tests", reference.To));
        Assert.Contains("JsonDocumentType → Product", references.Single(reference => reference.From.EndsWith(".Json", StringComparison.Ordinal)).Types);
    }

    /// <summary>The name that a project gives its assembly: its own, unless it says otherwise.</summary>
    private static string AssemblyNameOf(string project) =>
        XDocument.Load(Path.Combine(Root, project)).Descendants("AssemblyName").SingleOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(project);

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
