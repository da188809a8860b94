using Wagi.Oci.Remote;

namespace Wagi.Oci.Modules;

/// <summary>Passes on at most a number of bytes, shared by all layers of an image.</summary>
internal sealed class LimitedStream(Stream inner, ImageBudget budget) : ForwardStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        budget.Spend(count);
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }
}
