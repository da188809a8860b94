using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Guests;

/// <summary>
/// Functions that core modules may import, implemented by a layer above this one. An engine is made with all that its guests are offered,
/// owns them, and disposes them when the last guest is gone.
/// </summary>
internal interface IHostFunctions : IDisposable
{
    /// <summary>Names them in the message about an import that is not offered: <c>WASI preview 1 (wasi_snapshot_preview1)</c>.</summary>
    string Description { get; }

    /// <summary>Whether a module may import this.</summary>
    /// <param name="module">The module that it is imported from.</param>
    /// <param name="name">Its name.</param>
    /// <param name="hasFiles">Whether the guest will be run with <see cref="GuestRun.Files"/>.</param>
    bool Offers(string module, string name, bool hasFiles);

    /// <summary>Defines them all. Their callbacks find the run by <see cref="HostCall"/>.</summary>
    void Define(LinkerHandle linker, bool hasFiles);

    /// <summary>
    /// Defines those that a module may import which is initialized before there is a request; a call of any other traps and names it. What they
    /// answer is the same whenever and wherever it happens, apart from random numbers. By default none.
    /// </summary>
    /// <param name="linker">Where to.</param>
    /// <param name="hasRandom">Whether there are random numbers.</param>
    void DefineForInitialization(LinkerHandle linker, bool hasRandom)
    {
    }
}

/// <summary>Interfaces that components may import, implemented by a layer above this one.</summary>
internal interface IHostInterfaces
{
    /// <summary>Names them in the message about an import that is not offered.</summary>
    string Description { get; }

    /// <summary>Whether a component may import this.</summary>
    bool Offers(ComponentImport import);

    /// <summary>Defines an interface that is offered. Its callbacks find the run by <see cref="HostCall.RunOf"/>.</summary>
    void Define(ComponentLinkerHandle linker, ComponentImport import);

    /// <summary>The same interfaces for components that run as one core module.</summary>
    ILoweredInterfaces Lowered { get; }
}

/// <summary>Interfaces that components may import which run as one core module, implemented by a layer above this one.</summary>
internal interface ILoweredInterfaces
{
    /// <summary>Names them in the message about an import that is not offered.</summary>
    string Description { get; }

    /// <summary>Whether a component may import this interface.</summary>
    /// <param name="interfaceName">With its version.</param>
    bool Offers(string interfaceName);

    /// <summary>Defines a function of an interface that is offered; false: it is newer than what is known here.</summary>
    /// <param name="linker">Where to.</param>
    /// <param name="interfaceName">With its version.</param>
    /// <param name="importName">As <see cref="Components.FusedComponent.Import"/> names it.</param>
    bool Define(LinkerHandle linker, string interfaceName, string importName);

    /// <summary>Hands a run the request that it answers, <see cref="GuestRun.Exchange"/>.</summary>
    /// <returns>Handles of an <c>incoming-request</c> and a <c>response-outparam</c> of <c>wasi:http/types</c>.</returns>
    (uint Request, uint Response) Receive(GuestRun run);
}

/// <summary>The files that a guest sees, which may be none. Used by any number of runs at the same time.</summary>
internal interface IGuestFiles
{
    /// <summary>Opens them for one run, before its instance is made.</summary>
    /// <returns>What cannot be opened; null when all can.</returns>
    string? Open(in WasmStore store);
}
