using System.Net.Http.Headers;

namespace Wagi.Oci.Remote;

/// <summary>One request, in a form that can be sent again: after a challenge, a redirect or a failure.</summary>
internal sealed record RegistryRequest(HttpMethod Method, Uri Uri)
{
    /// <summary>What the request is about, for messages: a full reference.</summary>
    public required string Subject { get; init; }

    /// <summary>Media types for the Accept header.</summary>
    public IReadOnlyList<string> Accept { get; init; } = [];

    /// <summary>First byte wanted; 0 for all.</summary>
    public long From { get; init; }

    /// <summary>Makes the body; the argument is to be called whenever some of it was taken.</summary>
    public Func<Action, HttpContent>? Content { get; init; }

    /// <summary>The Authorization header.</summary>
    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>Without headers: one of them may be a secret.</summary>
    public override string ToString() => $"{Method} {Transport.Display(Uri)}";

    public HttpRequestMessage ToMessage(Action progress)
    {
        var message = new HttpRequestMessage(Method, Uri) { Content = Content?.Invoke(progress) };
        foreach (var mediaType in Accept) message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(mediaType));
        if (From > 0) message.Headers.Range = new RangeHeaderValue(From, null);
        message.Headers.Authorization = Authorization;
        return message;
    }
}
