using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:io/streams.output-stream</c>.</summary>
internal abstract class OutputStream : Resource
{
    /// <summary>Whether nobody takes any more.</summary>
    public virtual bool IsClosed => false;

    /// <summary>Why writing has failed; null: it has not.</summary>
    public virtual IoError? Failure => null;

    /// <summary>How much may be written at once, in bytes.</summary>
    public abstract int Room { get; }

    /// <summary>Writes, and waits where there is no room. The run may be stopped by it.</summary>
    public abstract void Write(GuestRun run, ReadOnlySpan<byte> bytes);

    /// <summary>Tells when there is room.</summary>
    public virtual Pollable Subscribe() => ReadyPollable.Instance;
}

/// <summary>
/// Standard output or error. As for core modules, what is written goes out when there is enough of it, after a tick, and before every wait: a flush
/// changes nothing.
/// </summary>
internal sealed class StandardOutput : OutputStream
{
    // Of a guest that speaks HTTP itself stdout is no answer, and what it says there is for the log.
    public static readonly StandardOutput Stdout = new(static run => run.Exchange is null ? run.Stdout : run.Stderr);
    public static readonly StandardOutput Stderr = new(static run => run.Stderr);

    private readonly Func<GuestRun, IGuestOutput> _output;

    private StandardOutput(Func<GuestRun, IGuestOutput> output) => _output = output;

    public override int Room => 64 << 10;

    public override void Write(GuestRun run, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty && !_output(run).Write(bytes))
        {
            run.Stop(GuestOutcome.OutputRefused);
        }
    }
}
