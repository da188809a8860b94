using System.Runtime.InteropServices;

namespace Wagi.Runtime.Commands;

/// <summary>Turns the signals that ask a program to end into a token. The second one ends it at once.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stopping;
    private readonly List<PosixSignalRegistration> _registrations;

    /// <param name="cancellationToken">Stops it as well.</param>
    /// <param name="more">Signals beside SIGTERM and SIGINT.</param>
    public StopSignals(CancellationToken cancellationToken, params IEnumerable<PosixSignal> more)
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _registrations = [.. more.Prepend(PosixSignal.SIGINT).Prepend(PosixSignal.SIGTERM).Select(signal => PosixSignalRegistration.Create(signal, Stop))];
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stopping.Token;

    private void Stop(PosixSignalContext signal)
    {
        // The second signal is not cancelled: it ends the process at once.
        signal.Cancel = !_stopping.IsCancellationRequested;
        _stopping.Cancel();
    }

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stopping.Dispose();
    }
}
