namespace Wagi.Oci.Remote;

/// <summary>The body of an answer, for reading once, forward and asynchronously.</summary>
internal sealed class ResponseStream(Stream inner, HttpResponseMessage response, TimeSpan stallTimeout, string subject) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(stallTimeout);
        try
        {
            return await inner.ReadAsync(buffer, stall.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failures.Silent(subject, Host, stallTimeout, exception);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw Failures.Broken(subject, Host, exception);
        }
    }

    private string Host => response.RequestMessage?.RequestUri?.Authority ?? "?";

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            response.Dispose();
        }

        base.Dispose(disposing);
    }
}
