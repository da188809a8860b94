using System.Collections.Immutable;
using Wagi.Modules.Configuration;
using Wagi.Modules.Limits;
using Wagi.Modules.Status;
using Wagi.Runtime.Access;
using Wagi.Runtime.Cgi;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Admin;

/// <summary>
/// Makes of what is counted anyway what the console shows. All work is done when somebody asks: while nobody looks, there is none.
/// </summary>
/// <param name="host">Says which modules there are.</param>
/// <param name="metrics">Has counted their requests.</param>
/// <param name="journal">Keeps the last requests.</param>
/// <param name="environment">The names of the environment variables that every module has.</param>
/// <param name="defaults">What entries leave open.</param>
/// <param name="time">The clock.</param>
internal sealed class ConsoleReporter(
    ModuleHost host, RequestMetrics metrics, RequestJournal journal, IEnumerable<string> environment, HandlerDefaults defaults, TimeProvider time)
{
    /// <summary>The percentiles are of one to two of these.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly long _process = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _started = time.GetTimestamp();
    private readonly ImmutableArray<string> _environment = [.. environment.Order(StringComparer.Ordinal)];
    private RuntimeStatus? _status;
    private byte[] _statusJson = [];
    private Dictionary<string, Track> _tracks = [];
    private ImmutableArray<Track> _order = [];
    private long _version;
    private long _number;
    private long? _windowBegan;

    /// <summary>What is new to a page; null: the configuration has not been read yet.</summary>
    /// <param name="known">What the page knows.</param>
    /// <param name="sendsTo">As <see cref="ConsoleReport.SendsTo"/>.</param>
    public ConsoleReport? Report(ConsoleKnowledge known, string? sendsTo)
    {
        if (host.Status is not { } status)
        {
            return null;
        }

        lock (_lock)
        {
            if (!ReferenceEquals(status, _status))
            {
                Follow(status);
            }

            Count();
            var isSame = known.Process == _process;
            var hasStatus = isSame && known.Version == _version;
            var kept = journal.Read(isSame ? known.Request : 0, isSame ? known.Failure : 0);
            return new ConsoleReport
            {
                Process = _process,
                Number = _number,
                Time = time.GetElapsedTime(_started).TotalMilliseconds,
                Version = _version,
                Status = hasStatus ? null : _statusJson,
                SendsTo = sendsTo,
                Figures = [.. _order.Where(track => hasStatus ? track.ChangedAt > known.Number : track.ChangedAt > 0).Select(track => track.Row)],
                Requests = kept.Requests,
                Failures = kept.Failures,
                LeftOut = kept.LeftOut,
            };
        }
    }

    /// <summary>What a module's own page shows; null: there is no such module.</summary>
    public ConsoleModule? Describe(string id) => host.Configured.FirstOrDefault(module => module.Entry.Id == id) is { } module
        ? new ConsoleModule
        {
            Environment = EnvironmentOf(module),
            Limits = LimitsOf(module.Entry),
            AllowedHosts = [.. module.Entry.AllowedHosts.Select(host => host.Origin)],
            Entry = FactsOf(module.Entry),
        }
        : null;

    private void Follow(RuntimeStatus status)
    {
        var json = status.ToJson();
        _status = status;
        if (json.AsSpan().SequenceEqual(_statusJson))
        {
            return; // A load that fails again, for example: with thousands of modules there are many, and nothing to tell.
        }

        _statusJson = json;
        _version++;
        var tracks = new Dictionary<string, Track>(StringComparer.Ordinal);
        foreach (var module in status.Modules)
        {
            tracks[module.Id] = _tracks.GetValueOrDefault(module.Id) ?? new Track();
        }

        _tracks = tracks;
        _order = [.. status.Modules.Select(module => tracks[module.Id])];
    }

    private void Count()
    {
        _number++;
        var now = time.GetTimestamp();
        var sinceWindow = _windowBegan is { } began ? time.GetElapsedTime(began, now) : TimeSpan.MaxValue;
        foreach (var track in _order)
        {
            track.Figures.Clear();
        }

        metrics.AddTo(id => _tracks.GetValueOrDefault(id)?.Figures);
        if (sinceWindow > Window)
        {
            _windowBegan = now;
        }

        for (var i = 0; i < _order.Length; i++)
        {
            if (sinceWindow > Window)
            {
                // After a pause there is no last minute.
                _order[i].BeginWindow(isFirst: sinceWindow > 3 * Window);
            }

            _order[i].Update(i, _number);
        }
    }

    private ImmutableArray<ConsoleVariable> EnvironmentOf(ConfiguredModule module)
    {
        // As they override each other.
        var sources = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (names, source) in new[] { (_environment, "all modules"), ([.. module.Entry.Environment.Keys], "entry"), (module.SecretNames, "secret") })
        {
            foreach (var name in names)
            {
                sources[name] = source;
            }
        }

        return [.. sources.Select(variable => new ConsoleVariable(variable.Key, variable.Value))];
    }

    private ImmutableArray<ConsoleFact> LimitsOf(ModuleEntry entry) =>
    [
        new("timeout", Duration.Format(entry.Timeout ?? defaults.Timeout)),
        new("memory of an instance", ByteSize.Format(entry.MemoryLimit ?? defaults.MemoryLimit)),
        new("requests at a time", $"{entry.MaxConcurrency ?? defaults.MaxConcurrency}, and {defaults.MaxQueue} that wait"),
        new("request body", ByteSize.Format(defaults.MaxRequestBody)),
        .. entry.RateLimit is { } rate ? [new ConsoleFact("rate limit", rate.ToString())] : ImmutableArray<ConsoleFact>.Empty,
        new("outbound requests at a time", $"{entry.HttpMaxConcurrency ?? defaults.Outbound.MaxConcurrency}"),
        new("outbound response body", ByteSize.Format(defaults.Outbound.MaxResponseBody)),
    ];

    private static ImmutableArray<ConsoleFact> FactsOf(ModuleEntry entry)
    {
        var facts = new List<ConsoleFact>();
        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                facts.Add(new ConsoleFact(name, value));
            }
        }

        Add("entrypoint", entry.Entrypoint);
        Add("arguments", entry.Argv);
        Add("volumes", string.Join(", ", entry.Volumes.Select(volume => volume.IsReadOnly ? $"{volume.GuestPath} (read-only)" : volume.GuestPath)));
        Add("files", string.Join(", ", entry.Files.Select(mount => $"{mount.Path} ← {mount.Reference}")));
        Add("Authorization", entry.PassAuthorization ? "reaches the module" : null);
        Add("compress", entry.Compress ? "for clients that accept it" : null);
        Add("preinitialize", Preinitializations.Format(entry.Preinitialization));
        Add("signature", entry.SignatureKeys.IsEmpty ? null : $"by one of {entry.SignatureKeys.Length} keys");
        Add("requires", string.Join(", ", entry.Requires));
        return [.. facts];
    }

    /// <summary>One module, as the last report had it.</summary>
    private sealed class Track
    {
        private static readonly long[] None = new long[LatencyHistogram.Buckets];

        private long[]? _before;
        private long[]? _start;

        public ModuleFigures Figures { get; } = new();

        /// <summary>As a row of <see cref="ConsoleReport.Figures"/>. Never changed: pages are sent it.</summary>
        public double[] Row { get; private set; } = [];

        /// <summary>The report that had another row for the last time; 0: there was nothing to tell yet.</summary>
        public long ChangedAt { get; private set; }

        /// <summary>Half of what the percentiles are of is over.</summary>
        public void BeginWindow(bool isFirst)
        {
            var now = Figures.Requests == 0 ? None : [.. Figures.Latencies];
            (_before, _start) = (isFirst ? now : _start, now);
        }

        public void Update(int index, long number)
        {
            Span<long> recent = stackalloc long[LatencyHistogram.Buckets];
            var (all, isRecent) = (Figures.Latencies, false);
            for (var i = 0; i < all.Length; i++)
            {
                // Less than before: another version of the module counts from the start.
                recent[i] = Math.Max(0, all[i] - (_before?[i] ?? 0));
                isRecent |= _before is not null && recent[i] > 0;
            }

            ReadOnlySpan<long> buckets = isRecent ? recent : all;
            Span<double> row =
            [
                index, Figures.Requests, Figures.Errors, Figures.Running, Figures.Waiting, Figures.Memory,
                Rounded(LatencyHistogram.Quantile(buckets, 0.5)), Rounded(LatencyHistogram.Quantile(buckets, 0.99)), isRecent ? 1 : 0,
            ];
            if (row.SequenceEqual(Row) || (ChangedAt == 0 && row[1..6].IndexOfAnyExcept(0) < 0))
            {
                return;
            }

            Row = row.ToArray();
            ChangedAt = number;
        }

        private static double Rounded(double? milliseconds) => milliseconds is { } value ? Math.Round(value, 4) : -1;
    }
}
