using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>Types of values (core specification §5.3), as far as they mean the same in every module.</summary>
internal static class WasmTypes
{
    /// <summary>Those below are more than a byte, and refer to types by index.</summary>
    private const byte FirstPlain = 0x65;

    private const byte FirstOfNumbers = 0x7b;
    private const byte LastOfNumbers = 0x7f;

    /// <summary>Passes over value types.</summary>
    /// <exception cref="InvalidDataException">One of them is more than a byte.</exception>
    public static void SkipPlain(ref WasmReader reader)
    {
        foreach (var type in reader.Take(reader.Number()))
        {
            RequirePlain(type);
        }
    }

    /// <exception cref="InvalidDataException">The value type is more than this byte.</exception>
    public static void RequirePlain(byte type)
    {
        if (type < FirstPlain)
        {
            throw new InvalidDataException($"a module in it has a value type 0x{type:x2}, which is not known here");
        }
    }

    /// <exception cref="InvalidDataException">The heap type is not one that has a name.</exception>
    public static void RequireAbstract(byte type)
    {
        if (type is < FirstPlain or > LastOfNumbers)
        {
            throw new InvalidDataException("a module in it has references to types of its own");
        }
    }

    /// <summary>Whether it is a number or a vector, and no reference.</summary>
    public static bool IsNumber(byte type) => type is >= FirstOfNumbers and <= LastOfNumbers;
}
