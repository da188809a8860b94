using Wagi.Modules.Status;

namespace Wagi.Runtime.Inspection;

/// <summary>What to do about a module that cannot be loaded.</summary>
internal static class ReasonHints
{
    /// <summary>What helps against a <see cref="ModuleReason"/>; null where its message says it all.</summary>
    public static string? For(string reason) => reason switch
    {
        ModuleReason.RegistryUnreachable => "with --offline only modules from files are loaded",
        ModuleReason.Unauthorized => "log in with 'docker login' or 'oras login', whose credentials are used",
        ModuleReason.UnknownImport => "build the module for WASI preview 1: target wasm32-wasip1 or wasip1",
        ModuleReason.EntrypointMissing => "name an exported function with entrypoint = \"NAME\"",
        ModuleReason.RouteConflict => "give one of the two another route or other hosts",
        ModuleReason.NotFound => "check the name",
        _ => null,
    };
}
