using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>What one request needs while its guest runs; used again by the next.</summary>
internal sealed class RequestRun
{
    public RequestRun()
    {
        Process = new GuestRun();
        Output = new ResponseOutput(Process);
    }

    public GuestRun Process { get; }

    public ResponseOutput Output { get; }

    public GuestLog Log { get; } = new();
}
