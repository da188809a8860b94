namespace Wagi.Modules.Limits;

/// <summary>
/// What an entry or a WagiModule may set, and what holds where neither it nor the runtime's flags say anything. The CRD's descriptions and rules
/// repeat some of it as text; a test compares them.
/// </summary>
public static class ModuleLimits
{
    /// <summary>The smallest memory limit in bytes: one page of linear memory.</summary>
    public const long MinMemory = 64L << 10;

    /// <summary>The largest memory limit in bytes: all that 32 bits can address.</summary>
    public const long MaxMemory = 4L << 30;

    /// <summary>Linear memory that one instance may grow to, in bytes.</summary>
    public const long DefaultMemory = 128L << 20;

    /// <summary>Requests of one module that one runtime runs at a time, for each CPU.</summary>
    public const int DefaultConcurrencyPerCpu = 8;

    /// <summary>Responses to a module's outbound requests that may be open at a time in one runtime.</summary>
    public const int DefaultHttpConcurrency = 64;

    /// <summary>The shortest timeout, and the finest step of one.</summary>
    public static TimeSpan MinTimeout { get; } = TimeSpan.FromMilliseconds(1);

    /// <summary>The longest timeout.</summary>
    public static TimeSpan MaxTimeout { get; } = TimeSpan.FromHours(24);

    /// <summary>How long a request may take, from the start of the guest to the last byte of the answer.</summary>
    public static TimeSpan DefaultTimeout { get; } = TimeSpan.FromSeconds(30);
}
