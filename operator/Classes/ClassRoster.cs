using System.Collections.Immutable;
using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Classes;

/// <summary>
/// Which WagiModules one operator serves, of all the classes that there are. No two operators ever write the status of one WagiModule, as long
/// as each has a class of its own and they see the same classes.
/// </summary>
internal sealed class ClassRoster
{
    private readonly ImmutableDictionary<string, WagiClass> _classes;
    private readonly string? _own;
    private readonly string? _default;
    private readonly bool _answersForUnknown;

    /// <param name="classes">All WagiClasses; null: they cannot be seen, and a WagiModule that names one is somebody else's.</param>
    /// <param name="own">The class that the operator serves; null: it serves the WagiModules that have none.</param>
    public ClassRoster(IEnumerable<WagiClass>? classes, string? own)
    {
        var byAge = (classes ?? []).OrderBy(item => item.Metadata.CreationTimestamp ?? DateTime.MaxValue).ThenBy(item => item.Name, StringComparer.Ordinal).ToList();
        _classes = byAge.ToImmutableDictionary(item => item.Name, StringComparer.Ordinal);
        _own = own;
        // The oldest, so that nobody takes all WagiModules over by marking a second one.
        _default = byAge.FirstOrDefault(item => item.IsDefault)?.Name;
        // Somebody has to say it, and only one.
        _answersForUnknown = classes is not null && own == (_default ?? byAge.FirstOrDefault()?.Name);
    }

    /// <summary>The operator's class; null when it has none, or when there is none of that name.</summary>
    public WagiClass? Own => _own is null ? null : _classes.GetValueOrDefault(_own);

    /// <summary>Whether the operator's class is not there: without its rules, nothing may be decided.</summary>
    public bool IsMissing => _own is not null && Own is null;

    /// <summary>The class of a WagiModule, whether there is one of that name or not; null: it has none.</summary>
    public string? NameOf(WagiModule module) => string.IsNullOrEmpty(module.Spec.ClassName) ? _default : module.Spec.ClassName;

    /// <summary>Whether the operator has to decide about a WagiModule.</summary>
    public bool IsOwn(WagiModule module) => NameOf(module) == _own || (_answersForUnknown && Unknown(module) is not null);

    /// <summary>The class that a WagiModule names although there is none of that name; null: it names none, or one that there is.</summary>
    public string? Unknown(WagiModule module) => NameOf(module) is { } name && name != _own && !_classes.ContainsKey(name) ? name : null;
}
