using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Wagi.Bench.Servers;

/// <summary>Takes a response as a server would, into memory of its own, so that nothing is measured that is the server's.</summary>
internal sealed class StandInResponse : PipeWriter, IHttpResponseBodyFeature
{
    private readonly byte[] _buffer = new byte[64 << 10];

    public Stream Stream => Stream.Null;

    public PipeWriter Writer => this;

    public override void Advance(int bytes)
    {
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer;

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer;

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public void DisableBuffering()
    {
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

    public Task CompleteAsync() => Task.CompletedTask;
}
