namespace Wagi.Runtime.Guests;

/// <summary>Where a guest's stdout or stderr goes. Called on the guest's own thread only, while the guest waits.</summary>
public interface IGuestOutput
{
    /// <summary>Signalled when nobody reads this output any more. Asked for only when a guest runs for long or sleeps.</summary>
    CancellationToken Aborted { get; }

    /// <summary>Takes what the guest wrote; the bytes are the guest's memory and must be used or copied before the call returns.</summary>
    /// <returns>False to stop the guest: it ends with <see cref="GuestOutcome.OutputRefused"/>.</returns>
    bool Write(ReadOnlySpan<byte> bytes);

    /// <summary>The guest is about to sleep, or has run for another tick: what waits to be sent should go now.</summary>
    /// <returns>False to stop the guest.</returns>
    bool Flush();
}
