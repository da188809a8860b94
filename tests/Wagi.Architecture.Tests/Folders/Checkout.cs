using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Xunit;

namespace Wagi.Architecture.Tests.Folders;

/// <summary>The repository that this program was built in.</summary>
internal static class Checkout
{
    /// <summary>The name of this program's configuration: Debug or Release.</summary>
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Its folder.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(ThisFolder(), "..", "..", ".."));

    /// <summary>What a project was compiled to. Skips the test when it is not built.</summary>
    /// <param name="project">Path of the project, from <see cref="Root"/>.</param>
    public static string Assembly(string project)
    {
        // The name of an assembly is its project's, unless that says otherwise.
        var name = XDocument.Load(Path.Combine(Root, project)).Descendants("AssemblyName").SingleOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(project);
        var path = Path.Combine(Root, Path.GetDirectoryName(project)!, "bin", Configuration, "net10.0", name + ".dll");
        Assert.SkipUnless(File.Exists(path), $"{project} is not built; 'make build' does it");
        return path;
    }

    private static string ThisFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
