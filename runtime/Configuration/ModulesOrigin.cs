using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Routes;
using Wagi.Modules.Sources;

namespace Wagi.Runtime.Configuration;

/// <summary>What says which modules there are: a <c>modules.toml</c>, or in its place one module, which then answers everything.</summary>
internal sealed record ModulesOrigin
{
    /// <summary>The route of a module that nobody has given one.</summary>
    private static readonly RoutePattern Everything = RoutePattern.Parse("/...");

    private ModulesOrigin(string name, string path, ModuleReference? module)
    {
        Name = name;
        Path = path;
        Module = module;
    }

    /// <summary>The file, the module or the reference, as the user named it: problems do the same, so that a terminal or an editor can follow them.</summary>
    public string Name { get; }

    /// <summary>The same for everybody else: the absolute path of the file, or the reference.</summary>
    public string Path { get; }

    /// <summary>The one module; null: there is a <c>modules.toml</c>.</summary>
    public ModuleReference? Module { get; }

    /// <summary>Absolute path of the <c>modules.toml</c>; null: there is none.</summary>
    public string? ConfigurationPath => Module is null ? Path : null;

    /// <summary>Absolute path of the folder in which a change is worth a look; null: there is none.</summary>
    public string? Folder => Module is null or { Scheme: ModuleScheme.File } ? System.IO.Path.GetDirectoryName(Path) : null;

    /// <summary>Absolute path of the folder that relative paths start at.</summary>
    public string BaseDirectory => Folder ?? Environment.CurrentDirectory;

    /// <summary>A <c>modules.toml</c>.</summary>
    /// <param name="file">Its path, as the user wrote it.</param>
    public static ModulesOrigin OfConfiguration(string file) => new(file, System.IO.Path.GetFullPath(file), module: null);

    /// <summary>A module in a file.</summary>
    /// <param name="file">Its path, as the user wrote it.</param>
    public static ModulesOrigin OfModule(string file)
    {
        var path = System.IO.Path.GetFullPath(file);
        return new ModulesOrigin(file, path, new ModuleReference(ModuleScheme.File, path));
    }

    /// <summary>A module in a registry, or in a bindle.</summary>
    public static ModulesOrigin OfReference(ModuleReference reference) => new(reference.ToString(), reference.ToString(), reference);

    /// <summary>The modules.</summary>
    /// <param name="toml">The text of the <c>modules.toml</c>, where there is one.</param>
    /// <param name="name">What problems call it.</param>
    public ModulesFile Read(string toml, string name) => Module is null
        ? ModulesTomlReader.Read(toml, name)
        : ModulesFile.Empty with { Entries = [Entry(Module, name)] };

    private static ModuleEntry Entry(ModuleReference module, string name) => new()
    {
        Id = IdOf(module),
        Route = Everything,
        Module = module,
        Location = new SourceLocation(name, 0, 0),
    };

    /// <summary>What a person calls it: the file without folder and ending, the repository without registry, tag and digest.</summary>
    private static string IdOf(ModuleReference module)
    {
        var last = module.Value[(module.Value.LastIndexOf('/') + 1)..];
        var end = module.Scheme == ModuleScheme.File ? last.LastIndexOf('.') : last.AsSpan().IndexOfAny(':', '@');
        return end > 0 ? last[..end] : last;
    }
}
