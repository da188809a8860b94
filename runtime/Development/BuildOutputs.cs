namespace Wagi.Runtime.Development;

/// <summary>
/// Tells files that builds write from those that somebody edits while one runs: both change during a build, and only the latter are worth
/// another. A file that changes during every build is written by it, until it changes between two.
/// </summary>
internal sealed class BuildOutputs
{
    /// <summary>So many builds in a row nobody saves the same file in.</summary>
    private const int Builds = 3;

    private readonly Dictionary<string, int> _changes = new(StringComparer.Ordinal);

    /// <summary>Files that have just turned out to be written by builds.</summary>
    public IReadOnlyList<string> Found { get; private set; } = [];

    /// <summary>A build has ended.</summary>
    /// <param name="changed">The files that changed during it.</param>
    /// <returns>Those that are worth another build.</returns>
    public List<string> Sort(IReadOnlyCollection<string> changed)
    {
        foreach (var file in _changes.Where(file => file.Value < Builds).Select(file => file.Key).Except(changed).ToList())
        {
            _changes.Remove(file);
        }

        Found = [.. changed.Where(file => _changes.GetValueOrDefault(file) == Builds - 1)];
        foreach (var file in changed)
        {
            _changes[file] = Math.Min(Builds, _changes.GetValueOrDefault(file) + 1);
        }

        return [.. changed.Where(file => _changes[file] < Builds)];
    }

    /// <summary>A file changed while nothing was built.</summary>
    public void Forget(IEnumerable<string> files)
    {
        foreach (var file in files)
        {
            _changes.Remove(file);
        }
    }
}
