using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Bodies;
using Wagi.Runtime.Cgi;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>When a guest begins that takes its body as it arrives.</summary>
public sealed class RequestBodyTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _folder = new("bodies");

    public void Dispose() => _folder.Dispose();

    /// <summary>What arrives with the first packet is not all, and the thread that looks for more is held up for longer than it would have waited.</summary>
    [Fact]
    public async Task BodyThatStops_IsNotWaitedFor()
    {
        using var bodies = new BodyStore(new BodyOptions { Memory = 16 << 20 }, _folder.PathOf("spool"), NullLogger.Instance).Of("a", "");
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync("x"u8.ToArray(), TestContext.Current.CancellationToken);
        var context = new DefaultHttpContext();
        context.Features.Set<IRequestBodyPipeFeature>(new HeldUp(pipe.Reader));

        var body = await RequestBody.ReadAsync(context, bodies, new BodyTerms(1 << 20, TimeSpan.FromMinutes(1), IsStreamed: true, () => true))
            .AsTask().WaitAsync(Deadline, TestContext.Current.CancellationToken);

        using var start = body.Bytes;
        Assert.NotNull(body.Arriving);
        await body.Arriving.EndAsync();
    }

    /// <summary>Looks whether something has come, and finds nothing, for a while.</summary>
    private sealed class HeldUp(PipeReader body) : PipeReader, IRequestBodyPipeFeature
    {
        public PipeReader Reader => this;

        public override bool TryRead(out ReadResult result)
        {
            if (body.TryRead(out result))
            {
                return true;
            }

            Thread.Sleep(50);
            return false;
        }

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => body.ReadAsync(cancellationToken);

        public override void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

        public override void CancelPendingRead() => body.CancelPendingRead();

        public override void Complete(Exception? exception = null) => body.Complete(exception);
    }
}
