using System.Diagnostics;

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
