namespace Wagi.Modules.Status;

/// <summary>
/// The reasons that a runtime gives for the state of an entry. They become the reason of the WagiModule's <c>Ready</c>
/// condition, so they follow its form (CamelCase); <c>docs/operations.md</c> says what to do for each.
/// </summary>
public static class ModuleReason
{
    /// <summary>Served as configured.</summary>
    public const string Ready = nameof(Ready);

    /// <summary>Being pulled, checked or compiled.</summary>
    public const string Loading = nameof(Loading);

    /// <summary>The mounted Secret does not yet have the version that the entry asks for.</summary>
    public const string SecretsPending = nameof(SecretsPending);

    /// <summary>The registry or server cannot be reached, or its name does not resolve. Tried again.</summary>
    public const string RegistryUnreachable = nameof(RegistryUnreachable);

    /// <summary>The registry refuses the credentials, or wants some. Tried again.</summary>
    public const string Unauthorized = nameof(Unauthorized);

    /// <summary>No such repository, tag, digest or file. Tried again.</summary>
    public const string NotFound = nameof(NotFound);

    /// <summary>The bytes do not have the digest that they should have.</summary>
    public const string DigestMismatch = nameof(DigestMismatch);

    /// <summary>The module must be signed, and no signature of it is valid by one of the keys. Tried again.</summary>
    public const string SignatureInvalid = nameof(SignatureInvalid);

    /// <summary>What the reference names is not WebAssembly.</summary>
    public const string NotWasm = nameof(NotWasm);

    /// <summary>
    /// The pull failed for another reason, such as a rate limit, an error of the registry or a module that is too large; the message says
    /// which. Tried again.
    /// </summary>
    public const string PullFailed = nameof(PullFailed);

    /// <summary>The module imports something that the runtime does not offer, or a Spin application needs it.</summary>
    public const string UnknownImport = nameof(UnknownImport);

    /// <summary>The module is not valid or cannot be compiled.</summary>
    public const string CompileFailed = nameof(CompileFailed);

    /// <summary>The runtime has as many modules loaded as its process has room for. Tried again.</summary>
    public const string TooManyModules = nameof(TooManyModules);

    /// <summary>The module does not export the entrypoint.</summary>
    public const string EntrypointMissing = nameof(EntrypointMissing);

    /// <summary>The module's <c>_routes()</c> failed, or printed something that is not a route.</summary>
    public const string RoutesFailed = nameof(RoutesFailed);

    /// <summary>Another entry has the route.</summary>
    public const string RouteConflict = nameof(RouteConflict);

    /// <summary>This runtime cannot use the reference or another setting.</summary>
    public const string InvalidEntry = nameof(InvalidEntry);

    /// <summary>The entry requires something that this runtime does not have; a later version may.</summary>
    public const string UnknownRequirement = nameof(UnknownRequirement);
}
