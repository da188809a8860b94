using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Problems;
using Wagi.Modules.Sources;
using Wagi.Oci.References;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Commands;

/// <summary>What a command works on: a <c>modules.toml</c>, a module, a folder with one of them, or a reference.</summary>
internal sealed class ModulesArguments
{
    private const string DefaultFile = "modules.toml";

    // In this order: of a module there may be several forms side by side.
    private static readonly string[] ModuleEndings = [".wasm", ".wat", ".cwasm"];

    private readonly Argument<string?> _what = new("WHAT")
    {
        Description = $"A {DefaultFile}, a module (answers every path), a folder with one of them, or a reference such as oci://ghcr.io/me/hello:v1. Default: the {DefaultFile} in the current folder.",
        HelpName = "FILE|DIR|REFERENCE",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _config = new("--config", "-c")
    {
        Description = $"{DefaultFile}: the modules and their routes.",
        HelpName = "FILE",
    };

    /// <summary>For the command to add.</summary>
    public Argument Argument => _what;

    /// <summary>As in WAGI; for the command to add.</summary>
    public Option Option => _config;

    /// <summary>What was named as a module or as its configuration, whichever way; null: nothing.</summary>
    /// <exception cref="UsageException">It was named twice.</exception>
    public string? Named(ParseResult arguments) => (arguments.GetValue(_what), arguments.GetValue(_config)) switch
    {
        ({ } what, { }) => throw new UsageException($"'{what}' and -c are alternatives: name what is meant once"),
        var (what, config) => what ?? config,
    };

    /// <summary>What is meant.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="mayBeMissing">Whether a <c>modules.toml</c> may come later.</param>
    /// <param name="whenMissing">What helps when it is missing.</param>
    /// <param name="orElse">What may be named otherwise, for whoever names nothing.</param>
    /// <exception cref="UsageException">There is no such thing, or it is not clear which is meant.</exception>
    public ModulesOrigin Read(ParseResult arguments, bool mayBeMissing = false, string whenMissing = "", string orElse = "")
    {
        if (Named(arguments) is not { } name)
        {
            return File.Exists(DefaultFile)
                ? ModulesOrigin.OfConfiguration(DefaultFile)
                : throw new UsageException($"nothing is named, and there is no {DefaultFile} in '{Environment.CurrentDirectory}': name a {DefaultFile}, a module, a folder or a reference{orElse}");
        }

        if (arguments.GetValue(_config) is null && !(mayBeMissing && IsToml(name)))
        {
            return Find(name);
        }

        var path = Path.GetFullPath(name);
        return mayBeMissing || File.Exists(path)
            ? ModulesOrigin.OfConfiguration(name)
            : throw new UsageException($"there is no file '{path}' (-c){whenMissing}");
    }

    /// <summary>What a name stands for. What exists is meant before a reference is.</summary>
    /// <param name="name">The name.</param>
    /// <param name="isModule">Whether a file is meant to be a module, whatever it is called and whether or not it is there.</param>
    /// <exception cref="UsageException">It stands for nothing, or it is not clear for what.</exception>
    public static ModulesOrigin Find(string name, bool isModule = false)
    {
        if (!ModuleReference.TryParse(name, out var reference, out var error))
        {
            throw new UsageException(error);
        }

        if (reference.Scheme != ModuleScheme.File)
        {
            return OfReference(reference);
        }

        var path = reference.Value;
        return Directory.Exists(path) ? FindIn(path)
            : File.Exists(path) ? (isModule ? !IsToml(path) : IsModule(path)) ? ModulesOrigin.OfModule(path) : ModulesOrigin.OfConfiguration(path)
            : HasRegistry(path) ? OfReference(new ModuleReference(ModuleScheme.Oci, path))
            : isModule ? ModulesOrigin.OfModule(path)
            : throw new UsageException(NothingThere(path));
    }

    private static ModulesOrigin OfReference(ModuleReference reference) =>
        reference.Scheme == ModuleScheme.Oci && !Reference.TryParse(reference.Value, out _, out var error)
            ? throw new UsageException(error)
            : ModulesOrigin.OfReference(reference);

    private static ModulesOrigin FindIn(string folder)
    {
        var configuration = Path.Combine(folder, DefaultFile);
        if (File.Exists(configuration))
        {
            return ModulesOrigin.OfConfiguration(configuration);
        }

        string[] files = [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
        var modules = ModuleEndings.Select(ending => Array.FindAll(files, file => HasEnding(file, ending))).FirstOrDefault(found => found.Length > 0);
        return modules switch
        {
            [var module] => ModulesOrigin.OfModule(module),
            null when files.Any(file => HasEnding(file, ".yaml") || HasEnding(file, ".yml")) => throw new UsageException(
                $"folder '{folder}' has no {DefaultFile} and no module, but manifests: 'wagi-operator render {folder} -o {configuration}' makes one of the WagiModules in them"),
            null => throw new UsageException($"folder '{folder}' has no {DefaultFile} and no module ({string.Join(", ", ModuleEndings)})"),
            _ => throw new UsageException($"folder '{folder}' has no {DefaultFile}, and several modules: name one of {string.Join(", ", files.Where(HasModuleEnding).Select(Path.GetFileName))}"),
        };
    }

    private static bool IsModule(string file) => HasModuleEnding(file) || (!IsToml(file) && BeginsAsModule(file));

    /// <summary>Whatever the file's name says. What has no length is no file on a disk, and would be read up.</summary>
    private static bool BeginsAsModule(string file)
    {
        try
        {
            Span<byte> begin = stackalloc byte[4];
            using var stream = new FileInfo(file).Length >= begin.Length ? File.OpenRead(file) : null;
            return stream?.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false) == begin.Length
                && (begin.SequenceEqual("\0asm"u8) || GuestEngine.IsNativeCode(begin));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // Whoever reads all of it says why it cannot be.
        }
    }

    private static bool HasModuleEnding(string file) => ModuleEndings.Any(ending => HasEnding(file, ending));

    private static bool IsToml(string file) => HasEnding(file, ".toml");

    private static bool HasEnding(string file, string ending) => file.EndsWith(ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>A reference without a scheme that says itself where it leads, and cannot be meant as a file.</summary>
    private static bool HasRegistry(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && name[0] != '.' && !IsToml(name) && !HasModuleEnding(name)
            && (name[..slash] == "localhost" || name.AsSpan(0, slash).ContainsAny('.', ':'));
    }

    private static string NothingThere(string name)
    {
        var path = Path.GetFullPath(name);
        var folder = Path.GetDirectoryName(path) ?? "/";
        var neighbours = Directory.Exists(folder) ? Directory.EnumerateFileSystemEntries(folder).Select(entry => Path.GetFileName(entry)) : [];
        return NearestName.Of(Path.GetFileName(path), neighbours) is { } nearest
            ? $"there is no file '{path}'; did you mean '{nearest}'?"
            : $"there is no file '{path}'; a module in a registry is named with it, as oci://ghcr.io/me/hello:v1 is";
    }
}
