using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Transport;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Worlds;

/// <summary>Makes the engine of this program: with WASI, preview 1 and 2, and outbound HTTP.</summary>
internal static class GuestEngines
{
    /// <summary>Makes one.</summary>
    /// <param name="options">Its bounds.</param>
    /// <param name="threads">The threads that answer requests; null: those of the pool do.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The address space cannot be reserved.</exception>
    public static GuestEngine Create(GuestEngineOptions options, RequestThreads? threads = null) =>
        new(options, threads, new Preview2 { Lowered = new LoweredInterfaces() }, new Preview1(), new OutboundHttp());
}
