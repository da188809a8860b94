using Wagi.Modules.Routes;
using Wagi.Modules.Sources;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Rendering;

/// <summary>Renders a folder, once or again and again; each time the last good versions of the time before are there to fall back on.</summary>
internal sealed class RenderSession
{
    private readonly RenderOptions _options;
    private readonly TagAnswers _tags;
    private readonly TimeProvider _time;
    private readonly ManifestFolder _manifests;
    private readonly HashSet<string> _secretFiles = new(StringComparer.Ordinal);
    private RenderedModules? _last;

    /// <param name="options">What to render, and where to.</param>
    /// <param name="tags">The registries; asked only with <see cref="RenderOptions.Resolve"/>.</param>
    /// <param name="time">The clock.</param>
    public RenderSession(RenderOptions options, TagAnswers tags, TimeProvider time)
    {
        _options = options;
        _tags = tags;
        _time = time;
        _manifests = new ManifestFolder(options.Manifests, keepsLastGood: options.Watch);
    }

    /// <summary>Reads the manifests as they are now and plans them.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public async Task<RenderedModules> RenderAsync(CancellationToken cancellationToken)
    {
        var renderer = new Renderer(_manifests.Read(), new PlanInput
        {
            Modules = [],
            LocalModules = LocalModules.In(_options.ModuleDirectory),
            PreviousToml = _last?.Plan.Toml,
            PreviousSecrets = _last?.Plan.SecretData ?? (IReadOnlyDictionary<string, byte[]>)new Dictionary<string, byte[]>(),
            Settings = new PlanSettings { ResolveTags = _options.Resolve },
            Now = _time.GetUtcNow(),
        }, _options.Class);
        var rendered = renderer.Render(await _tags.AskAsync(renderer.Tags, renderer.Secret, cancellationToken));

        // Nothing new is decided without the rules, and what was decided with them stays.
        if (rendered.IsNothing)
        {
            return _last is null ? rendered : rendered with { Plan = _last.Plan, Rows = _last.Rows };
        }

        return _last = rendered;
    }

    /// <summary>
    /// Writes the secrets, then <c>modules.toml</c>: no entry has to wait for its secrets. Without an output file the
    /// text goes to <paramref name="standardOutput"/>. Without rules nothing is written: what is there goes on being served.
    /// </summary>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public void Write(RenderedModules rendered, TextWriter standardOutput)
    {
        if (rendered.IsNothing)
        {
            return;
        }

        if (_options.SecretsDirectory is { } directory)
        {
            WriteSecrets(directory, rendered.Plan);
        }

        if (_options.Output is { } output)
        {
            OutputFile.Write(output, rendered.Plan.Toml);
        }
        else
        {
            standardOutput.Write(rendered.Plan.Toml);
        }
    }

    /// <summary>What the user has to know in addition to the verdicts.</summary>
    public IEnumerable<string> Warnings(RenderedModules rendered)
    {
        if (_options.SecretsDirectory is null && rendered.Plan.SecretData.Count > 0)
        {
            yield return $"warning: {rendered.Plan.SecretData.Count} of the modules have secret values, which no modules.toml holds; write them with --secrets-dir DIR and give that to wagi serve";
        }

        foreach (var verdict in rendered.Plan.Verdicts)
        {
            if (verdict.Entry is { Route.Caution: { } caution })
            {
                yield return $"warning: {verdict.Key}: {caution}; {RoutePattern.CautionHint}";
            }
        }

        if (_options.ModuleDirectory is not { } directory)
        {
            yield break;
        }

        foreach (var verdict in rendered.Plan.Verdicts)
        {
            if (verdict.Entry is { Module: { Scheme: ModuleScheme.Oci } module })
            {
                yield return $"warning: {verdict.Key} is pulled from its registry, because {directory} has no module of the name at the end of '{module}'";
            }
        }
    }

    private void WriteSecrets(string directory, Plan plan)
    {
        Directory.CreateDirectory(directory);
        foreach (var (name, json) in plan.SecretData)
        {
            OutputFile.Write(Path.Combine(directory, name), json, isSecret: true);
            _secretFiles.Add(name);
        }

        // Only what this session wrote: other files in the folder belong to somebody else.
        foreach (var gone in _secretFiles.Where(name => !plan.SecretData.ContainsKey(name)).ToList())
        {
            File.Delete(Path.Combine(directory, gone));
            _secretFiles.Remove(gone);
        }
    }
}

/// <summary>What <c>wagi-operator render</c> was told.</summary>
internal sealed record RenderOptions
{
    /// <summary>The folder with the manifests, or one file.</summary>
    public required string Manifests { get; init; }

    /// <summary>Where <c>modules.toml</c> goes; null: standard output.</summary>
    public string? Output { get; init; }

    /// <summary>Where the modules' secrets go, one file for each module; null: nowhere.</summary>
    public string? SecretsDirectory { get; init; }

    /// <summary>Where modules are looked for before their registry; null: nowhere.</summary>
    public string? ModuleDirectory { get; init; }

    /// <summary>The WagiClass to render; null: the default one of the manifests.</summary>
    public string? Class { get; init; }

    /// <summary>Whether to go on when a manifest changes.</summary>
    public bool Watch { get; init; }

    /// <summary>Whether registries are asked for the digests of tags.</summary>
    public bool Resolve { get; init; }
}

/// <summary>Modules in a folder: <c>DIR/NAME.wasm</c> or <c>DIR/NAME.wat</c> stands for every repository whose name ends in <c>NAME</c>.</summary>
internal static class LocalModules
{
    // The binary comes first: it is what a build has made, perhaps from the text.
    private static readonly string[] Extensions = [".wasm", ".wat"];

    /// <summary>Name → absolute path, as <see cref="Planning.PlanInput.LocalModules"/> takes it.</summary>
    public static IReadOnlyDictionary<string, string> In(string? directory)
    {
        var modules = new Dictionary<string, string>(StringComparer.Ordinal);
        if (directory is null || !Directory.Exists(directory))
        {
            return modules;
        }

        foreach (var extension in Extensions)
        {
            foreach (var file in Directory.EnumerateFiles(directory, "*" + extension))
            {
                modules.TryAdd(Path.GetFileNameWithoutExtension(file), Path.GetFullPath(file));
            }
        }

        return modules;
    }
}
