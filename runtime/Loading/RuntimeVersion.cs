using System.Reflection;

namespace Wagi.Runtime.Loading;

/// <summary>The version of this program.</summary>
internal static class RuntimeVersion
{
    /// <summary>For example <c>0.1.0</c>, with build metadata when there is some.</summary>
    public static string Current { get; } =
        typeof(RuntimeVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
}
