using Wagi.Modules.Configuration;
using Wagi.Modules.Volumes;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Volumes;

/// <summary>A folder that a module sees as <c>/data</c>, with a folder <c>sub</c>, and beside it a file that it must not see.</summary>
internal sealed class TestVolume : IDisposable
{
    public TestVolume()
    {
        Directory.CreateDirectory(PathOf("sub"));
        Outside = Around.Write("secret", "outside");
    }

    /// <summary>Ways out, with those of <see cref="AddLinksOutside"/>.</summary>
    public static TheoryData<string> PathsOutside =>
    [
        "../secret", "sub/../../secret", "./../secret", "relative", "absolute", "folder/secret", "indirect/secret", "sub/up/../secret", "/etc/passwd",
    ];

    /// <summary>What the folder is in.</summary>
    public TempDirectory Around { get; } = new("volume");

    /// <summary>The folder.</summary>
    public string Folder => Around.PathOf("volume");

    /// <summary>The file beside it.</summary>
    public string Outside { get; }

    /// <summary>Of something in it.</summary>
    public string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>Makes an entry one that sees the folder.</summary>
    public Func<ModuleEntry, ModuleEntry> Mounted(bool readOnly = false) => entry => entry with { Volumes = [new Volume("/data", Folder, readOnly)] };

    /// <summary>Makes symbolic links that lead out of it.</summary>
    public void AddLinksOutside()
    {
        File.CreateSymbolicLink(PathOf("relative"), "../secret");
        File.CreateSymbolicLink(PathOf("absolute"), Outside);
        Directory.CreateSymbolicLink(PathOf("folder"), Around.FullPath);
        Directory.CreateSymbolicLink(PathOf("indirect"), "sub/up");
        Directory.CreateSymbolicLink(PathOf("sub/up"), "../..");
    }

    public void Dispose() => Around.Dispose();
}
