using System.Diagnostics.CodeAnalysis;

namespace Wagi.Modules.Sources;

/// <summary>
/// Names the bytes of a module: a path, <c>file:</c>, <c>oci:</c> or <c>bindle:</c>, as in WAGI's <c>modules.toml</c>.
/// Whoever fetches it checks the part behind the scheme.
/// </summary>
/// <param name="Scheme">Where the bytes come from.</param>
/// <param name="Value">
/// The path (absolute, or relative to the configuration file), the OCI reference (<c>registry/repository:tag@digest</c>)
/// or the bindle name, without its scheme.
/// </param>
public sealed record ModuleReference(ModuleScheme Scheme, string Value)
{
    private static readonly string[] FileEndings = [".wasm", ".wat", ".cwasm"];

    /// <summary>Reads a reference from <c>modules.toml</c>, where one without a scheme is a path.</summary>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out ModuleReference? reference, [NotNullWhen(false)] out string? error)
    {
        reference = null;
        error = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            error = "a module is missing; it is a path, 'file:PATH', 'oci://REGISTRY/REPOSITORY:TAG' or 'bindle:NAME'";
            return false;
        }

        var parsed = Split(text);
        if (parsed is null)
        {
            error = $"module '{text}' has an unknown scheme; known are a plain path, 'file:', 'oci:' and 'bindle:'";
            return false;
        }

        if (parsed.Value.Length == 0)
        {
            error = $"module '{text}' names nothing behind its scheme";
            return false;
        }

        reference = parsed;
        return true;
    }

    /// <summary>
    /// Reads a reference from a WagiModule: <c>oci://…</c>, <c>bindle:…</c>, or an OCI reference without a scheme.
    /// A file is refused: a WagiModule must not reach into the node.
    /// </summary>
    public static bool TryParseRemote(
        string? text, [NotNullWhen(true)] out ModuleReference? reference, [NotNullWhen(false)] out string? error)
    {
        if (!TryParse(text, out reference, out error))
        {
            return false;
        }

        if (reference.Scheme != ModuleScheme.File)
        {
            return true;
        }

        var isPath = text!.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || text[0] is '/' or '.';
        if (isPath)
        {
            reference = null;
            error = $"module '{text}' is a file; a WagiModule names an OCI reference ('oci://REGISTRY/REPOSITORY:TAG') or 'bindle:NAME'";
            return false;
        }

        if (IsFileName(text))
        {
            reference = null;
            error = $"module '{text}' is the name of a file; a WagiModule names an OCI reference ('oci://REGISTRY/REPOSITORY:TAG') or 'bindle:NAME', and 'wagi push FILE REFERENCE' makes one of a file";
            return false;
        }

        reference = new ModuleReference(ModuleScheme.Oci, text);
        return true;
    }

    /// <summary>A reference that names no registry, and ends as a module's file does: it would be one of docker.io's.</summary>
    private static bool IsFileName(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : text[..slash];
        return !first.AsSpan().ContainsAny('.', ':') && first != "localhost"
            && FileEndings.Any(ending => text.EndsWith(ending, StringComparison.OrdinalIgnoreCase));
    }

    private static ModuleReference? Split(string text)
    {
        if (Strip(text, "file:") is { } path)
        {
            // file:///a/b, file:/a/b and file:a/b, as WAGI reads them.
            path = path.StartsWith("//", StringComparison.Ordinal) ? path[2..] : path;
            return new ModuleReference(ModuleScheme.File, Uri.UnescapeDataString(path));
        }

        if (Strip(text, "oci:") is { } oci)
        {
            return new ModuleReference(ModuleScheme.Oci, oci.TrimStart('/'));
        }

        if (Strip(text, "bindle:") is { } bindle)
        {
            return new ModuleReference(ModuleScheme.Bindle, bindle.TrimStart('/'));
        }

        return text.Contains("://", StringComparison.Ordinal) ? null : new ModuleReference(ModuleScheme.File, text);
    }

    private static string? Strip(string text, string scheme) =>
        text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? text[scheme.Length..] : null;

    /// <summary>The reference as <c>modules.toml</c> writes it.</summary>
    public override string ToString() => Scheme switch
    {
        ModuleScheme.Oci => "oci://" + Value,
        ModuleScheme.Bindle => "bindle:" + Value,
        _ => Value,
    };
}

/// <summary>Where the bytes of a module come from.</summary>
public enum ModuleScheme
{
    /// <summary>A file: a bare path or <c>file:</c>.</summary>
    File,

    /// <summary>An OCI registry: <c>oci:</c>.</summary>
    Oci,

    /// <summary>A Bindle server: <c>bindle:</c>.</summary>
    Bindle,
}
