using System.Collections.Immutable;
using System.Reflection;

namespace Wagi.Runtime.Templates;

/// <summary>What <c>wagi new</c> writes for a language. The files are resources of the program, below <c>Templates/Files</c>.</summary>
internal sealed record ProjectTemplate
{
    private const string Common = "common";

    // A name here, another there: Git would follow the one, and a checkout must not be a part of a project of Go.
    private static readonly (string Resource, string File)[] CommonFiles =
        [("modules.toml", "modules.toml"), ("manifest.yaml", "{{name}}.yaml"), ("README.md", "README.md"), ("gitignore", ".gitignore")];

    /// <summary>All of them.</summary>
    public static ImmutableArray<ProjectTemplate> All { get; } =
    [
        new("c", "C", "main.c", [], "{{name}}.wasm", Toolchain.C),
        new("rust", "Rust", "main.rs", [], "{{name}}.wasm", Toolchain.Rust),
        new("go", "Go", "main.go", ["go.mod"], "{{name}}.wasm", Toolchain.Go),
        new("assemblyscript", "AssemblyScript", "main.ts", ["package.json", "asconfig.json"], "{{name}}.wasm", Toolchain.AssemblyScript),
        new("javascript", "JavaScript", "main.js", ["package.json", "build.js"], "{{name}}.wasm", Toolchain.JavaScript)
        {
            Reads = "answers requests as `wasi:http` has them.",
        },
        new("zig", "Zig", "main.zig", [], "{{name}}.wasm", Toolchain.Zig),
        new("wat", "WebAssembly text", "main.wat", [], "main.wat", Toolchain.None),
    ];

    private readonly ImmutableArray<string> _more;
    private readonly string _module;

    private ProjectTemplate(string id, string language, string source, ImmutableArray<string> more, string module, Toolchain toolchain)
    {
        Id = id;
        Language = language;
        Source = source;
        Toolchain = toolchain;
        _more = more;
        _module = module;
    }

    /// <summary>The language on the command line.</summary>
    public string Id { get; }

    /// <summary>The language as people write it.</summary>
    public string Language { get; }

    /// <summary>The file with the handler.</summary>
    public string Source { get; }

    /// <summary>What compiles it.</summary>
    public Toolchain Toolchain { get; }

    /// <summary>Whether there is nothing to compile, because wagi reads what people write.</summary>
    public bool IsText => _module == Source;

    /// <summary>How the handler gets its requests.</summary>
    private string Reads { get; init; } = "reads the request from environment variables and standard input, and\nprints the answer.";

    private string Served => IsText
        ? "serves it on http://127.0.0.1:3000/{{name}}, and again whenever a file changes"
        : "builds it, serves it on http://127.0.0.1:3000/{{name}}, and does both again whenever a file changes";

    /// <summary>The files of a project: path in its folder, and text.</summary>
    /// <param name="name">The project's name, which is a module's, too.</param>
    public IEnumerable<(string Path, string Text)> Files(string name)
    {
        string Filled(string text) => text
            .Replace("{{reads}}", Reads, StringComparison.Ordinal)
            .Replace("{{dev}}", Served, StringComparison.Ordinal)
            .Replace("{{make}}", IsText ? "" : "| `make` | compiles it to `{{module}}` |\n", StringComparison.Ordinal)
            .Replace("{{first}}", IsText ? "" : ", after `make` (what `wagi dev` leaves behind is for debugging)", StringComparison.Ordinal)
            .Replace("{{change}}", IsText ? "you save" : "`make` builds", StringComparison.Ordinal)
            .Replace("{{module}}", _module, StringComparison.Ordinal)
            .Replace("{{name}}", name, StringComparison.Ordinal)
            .Replace("{{language}}", Language, StringComparison.Ordinal)
            .Replace("{{source}}", Source, StringComparison.Ordinal)
            .Replace("{{toolchain}}", Toolchain.Description, StringComparison.Ordinal);

        yield return (Source, Filled(Read(Id, Source)));
        foreach (var file in _more)
        {
            yield return (file, Filled(Read(Id, file)));
        }

        yield return ("Makefile", Filled(Read(Id, "Makefile") + Read(Common, "common.mk")));
        foreach (var (resource, file) in CommonFiles)
        {
            yield return (Filled(file), Filled(Read(Common, resource)));
        }
    }

    private static string Read(string folder, string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{folder}/{file}")
            ?? throw new InvalidOperationException($"the program has no template '{folder}/{file}'");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
