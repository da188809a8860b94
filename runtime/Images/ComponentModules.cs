using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>The core modules in a component (component model, "Binary Format": section 1).</summary>
internal static class ComponentModules
{
    private const byte CoreModule = 1;

    /// <summary>The one that has an initialization.</summary>
    /// <param name="component">A component in binary format.</param>
    /// <exception cref="InvalidDataException">There is none, or several; the message says so.</exception>
    public static WasmSection FindInitializable(ReadOnlyMemory<byte> component)
    {
        var found = WasmSections.Read(component.Span).FindAll(section =>
            section.Id == CoreModule && HasInitializer(component[section.Content..section.End]));
        return found.Count switch
        {
            1 => found[0],
            0 => throw new InvalidDataException($"no module of the component exports {InitializableModule.InitializerNames}"),
            _ => throw new InvalidDataException($"{found.Count} modules of the component export {InitializableModule.InitializerNames}"),
        };
    }

    /// <summary>The component with another module in the place of one.</summary>
    public static byte[] Replace(ReadOnlySpan<byte> component, WasmSection section, ReadOnlySpan<byte> module)
    {
        using var replaced = new MemoryStream(component.Length + module.Length);
        replaced.Write(component[..section.Start]);
        replaced.WriteSection(section.Id, module);
        replaced.Write(component[section.End..]);
        return replaced.ToArray();
    }

    /// <summary>Those that bind the others together import a memory or a table, and are none.</summary>
    private static bool HasInitializer(ReadOnlyMemory<byte> module)
    {
        try
        {
            return InitializableModule.Read(module).Initializers.Count > 0;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
