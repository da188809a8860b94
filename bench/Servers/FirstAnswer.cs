using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Wagi.Bench.Servers;

/// <summary>Waits for a server or a route to come up, with a look every millisecond.</summary>
internal static class FirstAnswer
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    /// <summary>Returns at the first 2xx.</summary>
    public static async Task WaitAsync(HttpClient client, string url)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(client, url))
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"{url} did not answer within {Deadline.TotalSeconds} s");
            }

            await Task.Delay(1);
        }
    }

    /// <summary>
    /// Returns at the first 200 of a server that is being started, with next to no work of its own until then: the two share the processors,
    /// and an HTTP client that is refused again and again adds milliseconds.
    /// </summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="path">What to ask for.</param>
    public static void WaitForStart(IPEndPoint address, string path)
    {
        var request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        var started = Stopwatch.GetTimestamp();
        while (!Answers(address, request))
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
            {
                throw new TimeoutException($"{address} did not answer within {Deadline.TotalSeconds} s");
            }

            Thread.Sleep(1);
        }
    }

    private static bool Answers(IPEndPoint address, ReadOnlySpan<byte> request)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        using var connect = new SocketAsyncEventArgs { RemoteEndPoint = address };
        using var connected = new ManualResetEventSlim();
        connect.Completed += (_, _) => connected.Set();
        if (socket.ConnectAsync(connect))
        {
            connected.Wait(Deadline);
        }

        if (connect.SocketError != SocketError.Success)
        {
            return false;
        }

        socket.Blocking = true;
        socket.Send(request);
        Span<byte> answer = stackalloc byte[12];
        var length = 0;
        while (length < answer.Length && socket.Receive(answer[length..], SocketFlags.None, out _) is > 0 and var read)
        {
            length += read;
        }

        return answer[..length].SequenceEqual("HTTP/1.1 200"u8);
    }

    private static async Task<bool> AnswersAsync(HttpClient client, string url)
    {
        try
        {
            using var response = await client.GetAsync(url);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
