namespace Wagi.Runtime.Configuration;

/// <summary>Keeps changes of modules that are files from being served while they are built, and after a build that failed.</summary>
internal sealed class ReloadGate
{
    private volatile bool _isClosed;

    /// <summary>Whether changes wait.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Called when it opens.</summary>
    public event Action? Opened;

    /// <summary>From now on changes wait.</summary>
    public void Close() => _isClosed = true;

    /// <summary>What waits is served, and so is what comes.</summary>
    public void Open()
    {
        _isClosed = false;
        Opened?.Invoke();
    }
}
