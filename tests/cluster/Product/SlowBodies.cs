using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Wagi.TestCluster.Product;

/// <summary>Clients that each send the most of a request body, and then wait.</summary>
public sealed class SlowBodies : IDisposable
{
    private readonly List<TcpClient> _clients;

    private SlowBodies(List<TcpClient> clients) => _clients = clients;

    /// <summary>Sends them, and returns when each has sent its part, or has been refused.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="clients">How many.</param>
    /// <param name="part">What each sends, in bytes; a megabyte more is announced.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<SlowBodies> SendAsync(Uri url, int clients, int part, CancellationToken cancellation)
    {
        var bodies = new SlowBodies([.. Enumerable.Range(0, clients).Select(_ => new TcpClient())]);
        try
        {
            await Task.WhenAll(bodies._clients.Select(client => SendAsync(client, url, part, cancellation)));
            return bodies;
        }
        catch
        {
            bodies.Dispose();
            throw;
        }
    }

    /// <summary>How many have been refused, or cut off. An answer may well begin before the body is whole.</summary>
    public int Refused => _clients.Count(client => client.Client.Poll(0, SelectMode.SelectRead) && !IsServed(client.Client));

    private static bool IsServed(Socket client)
    {
        var start = new byte["HTTP/1.1 2".Length];
        try
        {
            return client.Receive(start, SocketFlags.Peek) == start.Length && start.AsSpan().SequenceEqual("HTTP/1.1 2"u8);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task SendAsync(TcpClient client, Uri url, int part, CancellationToken cancellation)
    {
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Length: {part + (1 << 20)}\r\n\r\n");
        var piece = new byte[64 << 10];
        try
        {
            await client.ConnectAsync(url.Host, url.Port, cancellation);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head), cancellation);
            for (var sent = 0; sent < part; sent += piece.Length)
            {
                await client.GetStream().WriteAsync(piece.AsMemory(0, Math.Min(piece.Length, part - sent)), cancellation);
            }
        }
        catch (IOException)
        {
            // The server has answered and hung up.
        }
    }

    public void Dispose() => _clients.ForEach(client => client.Dispose());
}
