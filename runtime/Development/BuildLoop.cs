using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Wagi.Hosting.CommandLine;
using Wagi.Modules.Problems;
using Wagi.Runtime.Configuration;
using Wagi.Runtime.Progress;

namespace Wagi.Runtime.Development;

/// <summary>Builds a project, and again after each change of its sources: one build at a time, and none is missed.</summary>
/// <param name="folder">The project's folder, as the user named it.</param>
/// <param name="project">What it is at the start.</param>
/// <param name="gate">Keeps what is half built from being served.</param>
/// <param name="terminal">Where builds are shown.</param>
internal sealed class BuildLoop(string folder, DevProject project, ReloadGate gate, DevTerminal terminal) : IDisposable
{
    /// <summary>The shortest time between two looks; a change is complete when the second sees nothing new.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150);

    /// <summary>How much longer than a look the pause after it is, so that a large project costs no more than a small one.</summary>
    private const int Rest = 20;

    private readonly string _root = Path.GetFullPath(folder);
    private readonly BuildOutputs _outputs = new();
    private readonly SemaphoreSlim _asked = new(0, 1);
    private DevProject _project = project;
    private SourceFiles _sources = new(Path.GetFullPath(folder), project);
    private SourceState? _begun;
    private ImmutableArray<string> _missing = [];
    private bool _hasBuilt;

    /// <summary>Builds now, or as soon as the present build has ended.</summary>
    public void Ask()
    {
        try
        {
            _asked.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It has been asked already, or nothing is built any more.
        }
    }

    /// <summary>The first build.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => BuildAsync([], cancellationToken);

    /// <summary>The builds after the first, until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var ended = _sources.Look();
            var pending = _outputs.Sort(ended.Since(_begun!));
            if (_outputs.Found is { Count: > 0 } found)
            {
                terminal.Say($"{NamesOf(found)}: written by each build, so that a change there is no reason for another ([dev] watch names what is)");
            }

            var changed = await WaitAsync(ended, pending.Count > 0, cancellationToken);
            _outputs.Forget(changed);
            await BuildAsync([.. pending.Union(changed).Order(StringComparer.Ordinal)], cancellationToken);
        }
    }

    /// <summary>Waits for a change that is complete, or for somebody who asks.</summary>
    private async Task<IReadOnlyCollection<string>> WaitAsync(SourceState ended, bool isPending, CancellationToken cancellationToken)
    {
        var seen = ended;
        while (true)
        {
            var pause = seen.Effort * Rest;
            var isAsked = await _asked.WaitAsync(pause > Interval ? pause : Interval, cancellationToken);
            var now = _sources.Look();
            var changed = now.Since(ended);
            if (isAsked || ((isPending || changed.Count > 0) && now.Since(seen).Count == 0))
            {
                return changed;
            }

            seen = now;
        }
    }

    private async Task BuildAsync(IReadOnlyList<string> changed, CancellationToken cancellationToken)
    {
        ReadProject();
        _begun = _sources.Look();
        if (_project.Build is not { } command)
        {
            gate.Open();
            return;
        }

        terminal.Say(Because(changed) + command);
        gate.Close();
        var start = Stopwatch.GetTimestamp();
        var failure = await RunAsync(command, cancellationToken);
        if (failure is null)
        {
            gate.Open();
            _hasBuilt = true;
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"built in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s"), Color.Green);
        }
        else
        {
            terminal.Say($"the build failed{failure}; {WhatIsServed()}", Color.Red);
        }
    }

    /// <summary>After a build that failed. What an earlier session built is served, too.</summary>
    private string WhatIsServed() =>
        _hasBuilt ? "the last good one is still served"
        : _project.Products.Where(File.Exists).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } earlier
            ? $"{NamesOf(earlier)} of an earlier build {(earlier.Count == 1 ? "is" : "are")} served, and it is tried again when a file changes"
        : "it is tried again when a file changes";

    /// <returns>Why it failed; null: it has not.</returns>
    private async Task<string?> RunAsync(string command, CancellationToken cancellationToken)
    {
        try
        {
            var code = await new BuildProcess(_root, terminal.Copy).RunAsync(command, cancellationToken);
            return code == 0 ? null : $" with exit code {code}";
        }
        catch (Win32Exception exception)
        {
            return $": {exception.Message}";
        }
    }

    /// <summary>What is built and how may be among the changes.</summary>
    private void ReadProject()
    {
        try
        {
            _project = DevProject.Read(folder);
            _sources = new SourceFiles(_root, _project);
            ImmutableArray<string> missing = [.. _project.Watched.Where(path => !Path.Exists(path))];
            foreach (var path in missing.Except(_missing))
            {
                terminal.Say($"{Path.GetRelativePath(_root, path)} is not there: a change there counts as soon as it is ([dev] watch names it)", Color.Yellow);
            }

            _missing = missing;
        }
        catch (UsageException exception)
        {
            terminal.Say($"{exception.Message}; what was read before stays", Color.Red);
        }
    }

    private string Because(IReadOnlyList<string> changed) => changed.Count == 0 ? "" : $"{NamesOf(changed)} changed: ";

    private string NamesOf(IReadOnlyList<string> files)
    {
        const int Most = 3;
        var names = string.Join(", ", files.Take(Most).Select(file => Path.GetRelativePath(_root, file)));
        return files.Count <= Most ? names : $"{names} and {Quantity.Of(files.Count - Most, "more file")}";
    }

    public void Dispose() => _asked.Dispose();
}
