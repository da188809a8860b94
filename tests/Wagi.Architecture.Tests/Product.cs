using System.Reflection;

namespace Wagi.Architecture.Tests;

/// <summary>Both programs and the libraries that they share.</summary>
internal static class Product
{
    /// <summary>Their assemblies, found from what this one refers to and what those refer to in turn.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } = Find();

    /// <summary>Whether a type is ours and not a package's.</summary>
    public static bool Owns(Type type) => Assemblies.Contains(type.Assembly);

    private static Assembly[] Find()
    {
        var found = new Dictionary<string, Assembly>(StringComparer.Ordinal);
        var open = new Queue<AssemblyName>([new("wagi"), new("wagi-operator")]);
        while (open.TryDequeue(out var name))
        {
            if (found.ContainsKey(name.Name!)) continue;
            var assembly = Assembly.Load(name);
            found[name.Name!] = assembly;
            foreach (var reference in assembly.GetReferencedAssemblies().Where(IsOurs)) open.Enqueue(reference);
        }

        return [.. found.Values];
    }

    private static bool IsOurs(AssemblyName name) => name.Name!.StartsWith("Wagi.", StringComparison.Ordinal);
}
