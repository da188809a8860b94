namespace Wagi.Modules.Sources;

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
