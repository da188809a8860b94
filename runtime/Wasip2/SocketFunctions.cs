using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:sockets</c>: every socket is refused.</summary>
internal static class SocketFunctions
{
    private const byte Failed = 1;
    private const byte AccessDenied = 1; // wasi:sockets/network.error-code

    public static void AddTo(LoweredFunctions functions)
    {
        functions.AddDrop<Network>("wasi:sockets/network", "network");
        functions.Add("wasi:sockets/instance-network", "instance-network", "", "i", static (in call) => call.Own(Network.Instance));
        foreach (var kind in new[] { "tcp", "udp" })
        {
            functions.AddDrop<NeverHandedOut>($"wasi:sockets/{kind}", $"{kind}-socket");
            functions.Add($"wasi:sockets/{kind}-create-socket", $"create-{kind}-socket", "ii", "", static (in call) => Refuse(call, call.U32(1)));
        }

        functions.AddDrop<NeverHandedOut>("wasi:sockets/udp", "incoming-datagram-stream");
        functions.AddDrop<NeverHandedOut>("wasi:sockets/udp", "outgoing-datagram-stream");
        functions.AddDrop<NeverHandedOut>("wasi:sockets/ip-name-lookup", "resolve-address-stream");
        functions.Add("wasi:sockets/ip-name-lookup", "resolve-addresses", "iiii", "", static (in call) =>
        {
            _ = call.Resource<Network>(0);
            return Refuse(call, call.U32(3));
        });
    }

    /// <summary>A result whose payload, a handle or an error, is aligned to four bytes.</summary>
    private static long Refuse(in LoweredCall call, uint at)
    {
        call.Memory.WriteByte(at, Failed);
        call.Memory.WriteByte(at + 4, AccessDenied);
        return 0;
    }

    private sealed class Network : Resource
    {
        public static readonly Network Instance = new();
    }
}
