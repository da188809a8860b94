using System.Diagnostics;

namespace Wagi.Runtime.Guests;

/// <summary>
/// Shares the processors among runs that compute for longer than a tick. All at once they would keep everybody else from a processor for many
/// slices of the scheduler; so no more of them compute than there are processors but one, tenants in turn, and the rest wait. While nobody
/// asks for anything short, the last processor is theirs as well.
/// </summary>
/// <param name="processors">How many processors there are.</param>
/// <param name="isQuiet">Whether no run has begun for a tick.</param>
internal sealed class CpuTurns(int processors, Func<bool> isQuiet)
{
    /// <summary>How long a run computes while others wait. Longer costs those more patience, shorter costs everybody more switching.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrencyGate _gate = new(Math.Max(1, processors - 1), int.MaxValue);
    private int _isSpareTaken = processors > 1 ? 0 : 1;

    /// <summary>Runs that wait for their turn.</summary>
    public int Waiting => _gate.Waiting;

    /// <summary>Whether any run computes now, and has for a while.</summary>
    public bool AreTaken => _gate.Inside > 0 || (processors > 1 && Volatile.Read(ref _isSpareTaken) != 0);

    /// <summary>A run wants to go on computing; waits until it may.</summary>
    /// <param name="turn">What it has of this, from tick to tick.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="left">How long it may wait.</param>
    /// <param name="aborted">Signalled when nobody waits for it any more.</param>
    /// <returns>Why it must not go on, or <see cref="GuestOutcome.Completed"/>.</returns>
    public GuestOutcome Pass(ref CpuTurn turn, string tenant, TimeSpan left, CancellationToken aborted)
    {
        if (MayGoOn(turn))
        {
            return GuestOutcome.Completed;
        }

        Release(ref turn);
        if (_gate.TryEnter())
        {
            turn = new CpuTurn(CpuTurnKind.Own, Stopwatch.GetTimestamp());
            return GuestOutcome.Completed;
        }

        if (isQuiet() && Interlocked.Exchange(ref _isSpareTaken, 1) == 0)
        {
            turn = new CpuTurn(CpuTurnKind.Spare, 0);
            return GuestOutcome.Completed;
        }

        return Wait(ref turn, tenant, left, aborted);
    }

    /// <summary>The run does not compute any more, or not for now.</summary>
    public void Release(ref CpuTurn turn)
    {
        switch (turn.Kind)
        {
            case CpuTurnKind.Own:
                _gate.Leave();
                break;
            case CpuTurnKind.Spare:
                Volatile.Write(ref _isSpareTaken, 0);
                break;
        }

        turn = default;
    }

    private bool MayGoOn(CpuTurn turn) => turn.Kind switch
    {
        CpuTurnKind.Own => _gate.Waiting == 0 || Stopwatch.GetElapsedTime(turn.Since) < Slice,
        CpuTurnKind.Spare => isQuiet(),
        _ => false,
    };

    private GuestOutcome Wait(ref CpuTurn turn, string tenant, TimeSpan left, CancellationToken aborted)
    {
        try
        {
            if (left <= TimeSpan.Zero || !_gate.Enter(tenant, left, aborted))
            {
                return GuestOutcome.DeadlineExceeded;
            }

            turn = new CpuTurn(CpuTurnKind.Own, Stopwatch.GetTimestamp());
            return GuestOutcome.Completed;
        }
        catch (OperationCanceledException)
        {
            return GuestOutcome.Cancelled;
        }
    }
}

/// <summary>What a run has of <see cref="CpuTurns"/>.</summary>
/// <param name="Kind">Which place.</param>
/// <param name="Since">Since when, by <see cref="Stopwatch"/>.</param>
internal readonly record struct CpuTurn(CpuTurnKind Kind, long Since);

/// <summary>The places of <see cref="CpuTurns"/>.</summary>
internal enum CpuTurnKind
{
    /// <summary>None: the run is short, or waits for something.</summary>
    None,

    /// <summary>A turn of its own.</summary>
    Own,

    /// <summary>The processor that is kept for short runs, while there are none.</summary>
    Spare,
}
