using Wagi.Oci.Modules;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Components;

/// <summary>Copies segments of elements (core specification §5.5.12) with the indices that they have in another module.</summary>
internal static class ElementMover
{
    private const uint NotActive = 1;
    private const uint NamesTable = 2;
    private const uint HasExpressions = 4;

    /// <exception cref="InvalidDataException">There is something in it that is not known here; the message says what.</exception>
    public static void Move(ref WasmReader reader, IndexMap map, MemoryStream target)
    {
        var flags = reader.Number();
        if (flags > (NotActive | NamesTable | HasExpressions))
        {
            throw new InvalidDataException("a module in it has elements of an unknown kind");
        }

        var hasExpressions = (flags & HasExpressions) != 0;
        var isActive = (flags & NotActive) == 0;

        // Table 0 may have another index now: so every active segment names its table.
        target.WriteNumber(isActive ? flags | NamesTable : flags);
        if (isActive)
        {
            target.WriteNumber(map.Of(CoreSort.Table, (flags & NamesTable) != 0 ? reader.Number() : 0));
            CodeMover.MoveExpression(ref reader, map, target);
        }

        MoveKind(ref reader, isStated: (flags & (NotActive | NamesTable)) != 0, hasExpressions, target);
        var count = reader.Number();
        target.WriteNumber(count);
        for (; count > 0; count--)
        {
            if (hasExpressions)
            {
                CodeMover.MoveExpression(ref reader, map, target);
            }
            else
            {
                target.WriteNumber(map.Of(CoreSort.Function, reader.Number()));
            }
        }
    }

    private static void MoveKind(ref WasmReader reader, bool isStated, bool hasExpressions, MemoryStream target)
    {
        const byte Functions = 0x00;
        const byte FunctionReferences = 0x70;
        var kind = isStated ? reader.Byte() : hasExpressions ? FunctionReferences : Functions;
        if (hasExpressions)
        {
            WasmTypes.RequirePlain(kind);
        }

        target.WriteByte(kind);
    }
}
