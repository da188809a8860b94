namespace Wagi.Runtime.Lowering;

/// <summary>A function of the host for components. What it gives back is its core result, if it has one.</summary>
internal delegate long LoweredBody(in LoweredCall call);

/// <summary>A function of an interface of WASI preview 2 (0.2).</summary>
/// <param name="Parameters">Its core parameters, a letter for each: <c>i</c> is an i32, <c>I</c> an i64.</param>
/// <param name="Results">The same for its core result; empty: none.</param>
/// <param name="Body">What it does.</param>
internal sealed record LoweredFunction(string Parameters, string Results, LoweredBody Body);

/// <summary>The interfaces of WASI 0.2 that components may import, without their versions: later ones add functions and change none.</summary>
internal sealed class LoweredFunctions
{
    private readonly Dictionary<string, Dictionary<string, int>> _interfaces = new(StringComparer.Ordinal);
    private readonly List<LoweredFunction> _functions = [];

    public LoweredFunction this[int number] => _functions[number];

    /// <summary>Whether an interface is offered, in some 0.2 version.</summary>
    /// <param name="name">With its version.</param>
    public bool Offers(string name) => Split(name) is ({ } known, { } version)
        && version.StartsWith("0.2.", StringComparison.Ordinal) && _interfaces.ContainsKey(known);

    /// <summary>The number of a function in an interface that is offered; null: it is newer than what is known here.</summary>
    public int? Find(string interfaceName, string function) =>
        _interfaces[Split(interfaceName).Name].TryGetValue(function, out var number) ? number : null;

    /// <summary>An interface, which may have no function.</summary>
    public void Add(string interfaceName) => _interfaces.TryAdd(interfaceName, new Dictionary<string, int>(StringComparer.Ordinal));

    /// <summary>A function.</summary>
    public void Add(string interfaceName, string name, string parameters, string results, LoweredBody body)
    {
        Add(interfaceName);
        _interfaces[interfaceName].Add(name, _functions.Count);
        _functions.Add(new LoweredFunction(parameters, results, body));
    }

    /// <summary>The function that drops a handle to a resource.</summary>
    public void AddDrop<T>(string interfaceName, string resource)
        where T : Resource => Add(interfaceName, Components.ComponentStructure.ResourceDrop(resource), "i", "", static (in call) =>
        {
            call.Take<T>(0).Drop();
            return 0;
        });

    private static (string Name, string? Version) Split(string name) =>
        name.LastIndexOf('@') is var at and >= 0 ? (name[..at], name[(at + 1)..]) : (name, null);
}
