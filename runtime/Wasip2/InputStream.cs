using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:io/streams.input-stream</c>.</summary>
internal abstract class InputStream : Resource
{
    /// <summary>What <see cref="Read"/> gives at the end.</summary>
    public const int Ended = -1;

    /// <summary>What <see cref="Read"/> gives when reading has failed, for the reason in <see cref="Failure"/>.</summary>
    public const int Failed = -2;

    /// <summary>Why reading has failed.</summary>
    public virtual IoError? Failure => null;

    /// <summary>Reads what is there, up to the length of <paramref name="target"/>, which is not 0.</summary>
    /// <param name="run">The run that the guest belongs to.</param>
    /// <param name="target">Where to.</param>
    /// <param name="mayWait">Whether to wait for a first byte.</param>
    /// <returns>How many bytes; 0: nothing has come yet, or the run is stopped; <see cref="Ended"/>; <see cref="Failed"/>.</returns>
    public abstract int Read(GuestRun run, Span<byte> target, bool mayWait);

    /// <summary>Tells when reading would not wait.</summary>
    public abstract Pollable Subscribe();
}

/// <summary>A stream that has ended.</summary>
internal sealed class EmptyInput : InputStream
{
    public static readonly EmptyInput Instance = new();

    public override int Read(GuestRun run, Span<byte> target, bool mayWait) => Ended;

    public override Pollable Subscribe() => ReadyPollable.Instance;
}

/// <summary>Standard input.</summary>
internal sealed class Stdin : InputStream
{
    public static readonly Stdin Instance = new();

    public override int Read(GuestRun run, Span<byte> target, bool mayWait)
    {
        // Without waiting, nothing read means the end only where there is nothing to wait for.
        var isEnd = mayWait || run.IsStdinReady;
        var read = run.ReadStdin(target, isEnd);
        return read == 0 && isEnd && !run.IsStopped ? Ended : read;
    }

    public override Pollable Subscribe() => StdinPollable.Instance;
}
