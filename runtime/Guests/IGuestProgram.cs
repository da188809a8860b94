using Wagi.Modules.Status;

namespace Wagi.Runtime.Guests;

/// <summary>The code of a loaded module, and how to run it once. Used by any number of threads.</summary>
internal interface IGuestProgram : IDisposable
{
    /// <summary>Whether it exports a function of this name.</summary>
    bool HasExport(string name);

    /// <summary>Finds out what would keep it from being run.</summary>
    /// <param name="entrypoint">The function that will be called.</param>
    /// <param name="hasFiles">Whether it will be run with <see cref="GuestRun.Files"/>.</param>
    /// <exception cref="GuestLoadException"><see cref="ModuleReason.UnknownImport"/> or <see cref="ModuleReason.EntrypointMissing"/>.</exception>
    void Check(string entrypoint, bool hasFiles);

    /// <summary>Runs it, and waits for its end. <see cref="Check"/> has accepted the arguments.</summary>
    GuestResult Run(GuestRun process, string entrypoint);
}
