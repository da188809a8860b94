using Microsoft.Extensions.ObjectPool;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>What one request needs while its guest runs; used again by the next, once it is disposed.</summary>
internal sealed class RequestRun : IDisposable
{
    private static readonly DefaultObjectPool<RequestRun> Pool =
        new(new DefaultPooledObjectPolicy<RequestRun>(), Math.Max(16, Environment.ProcessorCount * 4));

    private readonly Func<string> _requestId;

    /// <summary>For the pool; others call <see cref="Take"/>.</summary>
    public RequestRun()
    {
        Output = new ResponseOutput(Guest);
        Exchange = new HttpExchange(Output);
        _requestId = () => Log.RequestId;
    }

    public GuestRun Guest { get; } = new();

    public ResponseOutput Output { get; }

    /// <summary>The request, for a guest that speaks HTTP itself.</summary>
    public HttpExchange Exchange { get; }

    public GuestLog Log { get; } = new();

    /// <summary>One whose stdout and stderr are connected.</summary>
    public static RequestRun Take()
    {
        var run = Pool.Get();
        run.Guest.Stdout = run.Output;
        run.Guest.Stderr = run.Log;
        run.Guest.RequestId = run._requestId;
        return run;
    }

    public void Dispose()
    {
        Log.End();
        Output.End();
        Exchange.End();
        Guest.Reset();
        Pool.Return(this);
    }
}
