using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>
/// A core module of which an instance can be restored to what it was when it was new: nothing of it can change but the one memory and globals that
/// hold numbers. An instance is its functions, tables, memories, globals, and segments (core specification §4.2.12): functions never change; a table
/// changes by an instruction, and so does a segment, and the module has none of these instructions.
/// </summary>
/// <remarks>It reads what nobody has validated. What it does not understand is not restorable, and Wasmtime says what is wrong with it.</remarks>
internal static class RestorableModule
{
    /// <summary>
    /// With this begins each name under which a module exports something here, and no name of its own: what is found under it is not looked at again
    /// for being a global, a memory or a function without parameters.
    /// </summary>
    private const string Prefix = "wagi-restore ";

    /// <summary>The name under which it exports its memory.</summary>
    public static ReadOnlySpan<byte> MemoryName => "wagi-restore memory"u8;

    /// <summary>
    /// The name under which it exports what is called when an instance was made (§4.7.2): that is called at the beginning of each run instead.
    /// </summary>
    public static ReadOnlySpan<byte> StartName => "wagi-restore start"u8;

    /// <summary>Each costs every request a call.</summary>
    private const int MaxGlobals = 32;

    private const byte MemoryKind = 2;
    private const byte GlobalKind = 3;
    private const byte FunctionKind = 0;

    private static readonly uint[] Changing =
    [
        WasmCodes.TableSet,
        WasmCodes.Prefixed(WasmCodes.BulkPrefix, 9), // data.drop
        WasmCodes.Prefixed(WasmCodes.BulkPrefix, 12), // table.init
        WasmCodes.Prefixed(WasmCodes.BulkPrefix, 13), // elem.drop
        WasmCodes.Prefixed(WasmCodes.BulkPrefix, 14), // table.copy
        WasmCodes.Prefixed(WasmCodes.BulkPrefix, 15), // table.grow
        WasmCodes.Prefixed(WasmCodes.BulkPrefix, 17), // table.fill
    ];

    /// <summary>The name under which it exports a global that may change, by its number among those.</summary>
    public static string GlobalName(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}global {number}");

    /// <summary>Exports all of a module that can change, if it is such a one.</summary>
    /// <param name="module">A core module in binary format, whose memory begins as its image says and with zeros elsewhere.</param>
    /// <param name="open">The same, with these exports.</param>
    public static bool TryOpen(ReadOnlySpan<byte> module, [NotNullWhen(true)] out byte[]? open)
    {
        open = null;
        try
        {
            var sections = WasmSections.Read(module);
            if (!HasOneMemory(Section(module, WasmSections.Memory)) || !ImportsFunctionsOnly(Section(module, WasmSections.Import))
                || !Section(module, WasmSections.Tag).IsEmpty || HasActiveData(Section(module, WasmSections.Data))
                || HasChangingCode(Section(module, WasmSections.Code)) || ExportsReservedNames(Section(module, WasmSections.Export))
                || FindGlobals(Section(module, WasmSections.Global)) is not { Count: <= MaxGlobals } globals)
            {
                return false;
            }

            var exports = WriteExports(Section(module, WasmSections.Export), globals, Section(module, WasmSections.Start));
            open = WasmSections.Replace(
                module, new Dictionary<byte, ReadOnlyMemory<byte>?> { [WasmSections.Export] = exports, [WasmSections.Start] = null });
            return true;

            ReadOnlySpan<byte> Section(ReadOnlySpan<byte> binary, byte id) => WasmSections.Content(binary, sections, id);
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static bool HasOneMemory(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        return !section.IsEmpty && reader.Number() == 1 && reader.Byte() is 0 or 1;
    }

    private static bool ImportsFunctionsOnly(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        for (var count = section.IsEmpty ? 0 : reader.Number(); count > 0; count--)
        {
            _ = reader.Take(reader.Number());
            _ = reader.Take(reader.Number());
            if (reader.Byte() != FunctionKind)
            {
                return false;
            }

            _ = reader.Number();
        }

        return true;
    }

    /// <summary>Whether there are data that are copied to the memory when an instance is made: they are not in the image.</summary>
    private static bool HasActiveData(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        for (var count = section.IsEmpty ? 0 : reader.Number(); count > 0; count--)
        {
            if (reader.Byte() != WasmCodes.PassiveData)
            {
                return true;
            }

            _ = reader.Take(reader.Number());
        }

        return false;
    }

    private static bool HasChangingCode(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        for (var count = section.IsEmpty ? 0 : reader.Number(); count > 0; count--)
        {
            for (var code = CodeReader.OfBody(reader.Take(reader.Number())); !code.IsAtEnd;)
            {
                code.Next();
                if (Array.IndexOf(Changing, code.Instruction) >= 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool ExportsReservedNames(ReadOnlySpan<byte> section)
    {
        var reader = new WasmReader(section);
        for (var count = section.IsEmpty ? 0 : reader.Number(); count > 0; count--)
        {
            if (reader.Name().StartsWith(Prefix, StringComparison.Ordinal))
            {
                return true;
            }

            _ = reader.Byte();
            _ = reader.Number();
        }

        return false;
    }

    /// <summary>The globals that may change, by index; null: one of them holds a reference.</summary>
    private static List<uint>? FindGlobals(ReadOnlySpan<byte> section)
    {
        const byte Variable = 1;
        var globals = new List<uint>();
        var reader = new WasmReader(section);
        var count = section.IsEmpty ? 0 : reader.Number();
        for (uint index = 0; index < count; index++)
        {
            var type = reader.Byte();
            WasmTypes.RequirePlain(type);
            if (reader.Byte() == Variable)
            {
                if (!WasmTypes.IsNumber(type))
                {
                    return null;
                }

                globals.Add(index);
            }

            var value = new CodeReader(reader.Rest);
            do
            {
                value.Next();
            }
            while (value.Instruction != WasmCodes.EndOfExpression);
            _ = reader.Take((uint)value.Position);
        }

        return globals;
    }

    private static byte[] WriteExports(ReadOnlySpan<byte> section, List<uint> globals, ReadOnlySpan<byte> start)
    {
        var reader = new WasmReader(section);
        var count = section.IsEmpty ? 0 : reader.Number();
        using var exports = new MemoryStream();
        exports.WriteNumber(count + 1 + (uint)globals.Count + (start.IsEmpty ? 0u : 1));
        exports.Write(reader.Rest);
        if (!start.IsEmpty)
        {
            Write(StartName, FunctionKind, new WasmReader(start).Number());
        }

        Write(MemoryName, MemoryKind, 0);
        for (var i = 0; i < globals.Count; i++)
        {
            Write(Encoding.UTF8.GetBytes(GlobalName(i)), GlobalKind, globals[i]);
        }

        return exports.ToArray();

        void Write(ReadOnlySpan<byte> name, byte kind, uint index)
        {
            exports.WriteBytes(name);
            exports.WriteByte(kind);
            exports.WriteNumber(index);
        }
    }
}
