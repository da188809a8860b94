using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>The core modules in a component (component model, "Binary Format": section 1).</summary>
internal static class ComponentModules
{
    private const byte CoreModule = 1;
    private const byte Component = 4;

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

    /// <summary>How many of the core modules in it, and in the components in it, have a memory of their own.</summary>
    /// <param name="component">A component in binary format, which has been found to be valid.</param>
    public static int CountMemories(ReadOnlySpan<byte> component)
    {
        var count = 0;
        foreach (var section in WasmSections.Read(component))
        {
            var content = section.Of(component);
            count += section.Id switch
            {
                CoreModule => WasmSections.Content(content, WasmSections.Read(content), WasmSections.Memory).Length > 1 ? 1 : 0,
                Component => CountMemories(content),
                _ => 0,
            };
        }

        return count;
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
