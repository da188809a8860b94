using System.Reflection;

namespace Wagi.Hosting.Versions;

/// <summary>The version of the program that runs.</summary>
public static class ProgramVersion
{
    /// <summary>For example <c>0.1.0</c>, with build metadata when there is some; null: it has none.</summary>
    public static string? Text => Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
}
