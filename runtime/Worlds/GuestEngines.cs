using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Worlds;

/// <summary>Makes the engine of this program: with WASI, preview 1 and 2, and outbound HTTP.</summary>
internal static class GuestEngines
{
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="InvalidOperationException">The address space cannot be reserved.</exception>
    public static GuestEngine Create(GuestEngineOptions options) => new(options, new Preview2 { Lowered = new LoweredInterfaces() }, new Preview1(), new OutboundHttp());
}
