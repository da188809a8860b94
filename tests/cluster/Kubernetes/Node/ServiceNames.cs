using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Wagi.TestCluster.Kubernetes.Node;

/// <summary>
/// Stands in for CoreDNS, which is not to be had here: a name server (RFC 1035, UDP) that answers A queries for
/// <c>SERVICE.NAMESPACE.svc.cluster.local</c> with the addresses that the API server knows (the ready endpoints, for a headless service),
/// and says of everything else that there is no such name.
/// </summary>
internal sealed class ServiceNames : IAsyncDisposable
{
    /// <summary>Below which all names are.</summary>
    public const string ClusterDomain = "cluster.local";

    private const int HeaderLength = 12;
    private const ushort TypeA = 1;
    private const byte NameError = 3;
    private const byte ServerFailure = 2;

    private readonly ControlPlane _controlPlane;
    private readonly UdpClient _socket;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    /// <summary>Starts answering on port 53 of <paramref name="address"/>.</summary>
    public ServiceNames(ControlPlane controlPlane, IPAddress address)
    {
        _controlPlane = controlPlane;
        _socket = new UdpClient(new IPEndPoint(address, 53));
        _loop = Task.Run(AnswerAllAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _socket.Dispose();
        _stopping.Dispose();
    }

    private async Task AnswerAllAsync()
    {
        while (true)
        {
            try
            {
                var query = await _socket.ReceiveAsync(_stopping.Token);
                if (query.Buffer.Length <= HeaderLength) continue;
                await _socket.SendAsync(await AnswerAsync(query.Buffer), query.RemoteEndPoint, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // Who asked is gone.
            }
        }
    }

    private async Task<byte[]> AnswerAsync(byte[] query)
    {
        var (name, type, end) = ReadQuestion(query);
        try
        {
            var addresses = await AddressesAsync(name);
            return addresses is null ? Write(query, end, NameError, []) : Write(query, end, 0, type == TypeA ? addresses : []);
        }
        catch (HttpRequestException)
        {
            return Write(query, end, ServerFailure, []);
        }
    }

    /// <returns>Null when there is no such name.</returns>
    private async Task<IReadOnlyList<IPAddress>?> AddressesAsync(string name)
    {
        if (name.ToLowerInvariant().Split('.') is not [var service, var space, "svc", "cluster", "local"]) return null;
        using var found = await _controlPlane.GetJsonAsync($"/api/v1/namespaces/{space}/services/{service}", _stopping.Token);
        if (found is null) return null;
        var address = found.RootElement.GetProperty("spec").GetProperty("clusterIP").GetString()!;
        return address == "None" ? await EndpointsAsync(space, service) : [IPAddress.Parse(address)];
    }

    private async Task<IReadOnlyList<IPAddress>> EndpointsAsync(string space, string service)
    {
        using var found = await _controlPlane.GetJsonAsync($"/api/v1/namespaces/{space}/endpoints/{service}", _stopping.Token);
        return found is null || !found.RootElement.TryGetProperty("subsets", out var subsets)
            ? []
            : [.. subsets.EnumerateArray().SelectMany(Addresses).Select(address => IPAddress.Parse(address.GetProperty("ip").GetString()!))];

        static IEnumerable<JsonElement> Addresses(JsonElement subset) =>
            subset.TryGetProperty("addresses", out var addresses) ? addresses.EnumerateArray() : [];
    }

    /// <summary>The first question (§4.1.2), and where it ends.</summary>
    private static (string Name, ushort Type, int End) ReadQuestion(byte[] query)
    {
        var labels = new List<string>();
        var at = HeaderLength;
        while (at < query.Length && query[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(query, at + 1, Math.Min(query[at], query.Length - at - 1)));
            at += query[at] + 1;
        }

        var end = Math.Min(at + 5, query.Length);
        return (string.Join('.', labels), end - 4 > at ? BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1)) : (ushort)0, end);
    }

    private static byte[] Write(byte[] query, int end, byte code, IReadOnlyList<IPAddress> addresses)
    {
        using var answer = new MemoryStream();
        answer.Write(query, 0, 2);
        // A response, authoritative; recursion as asked for, and not available (§4.1.1).
        answer.Write([(byte)(0x84 | (query[2] & 1)), code, 0, 1, 0, (byte)addresses.Count, 0, 0, 0, 0]);
        answer.Write(query, HeaderLength, end - HeaderLength);
        foreach (var address in addresses)
        {
            // The name by a pointer to the question; A, IN, five seconds as CoreDNS gives, four bytes (§4.1.3).
            answer.Write([0xC0, HeaderLength, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, .. address.GetAddressBytes()]);
        }

        return answer.ToArray();
    }
}
