using Wagi.Oci.Modules;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Components;

/// <summary>Copies code of a module with the indices that it has in another one (core specification §5.4).</summary>
internal ref struct CodeMover
{
    private readonly ReadOnlySpan<byte> _source;
    private readonly IndexMap _map;
    private readonly MemoryStream _target;
    private int _copied;

    private CodeMover(ReadOnlySpan<byte> source, IndexMap map, MemoryStream target)
    {
        _source = source;
        _map = map;
        _target = target;
    }

    /// <summary>Copies the body of a function, without its size.</summary>
    /// <returns>Whether it grows the memory.</returns>
    /// <exception cref="InvalidDataException">There is something in it that is not known here; the message says what.</exception>
    public static bool MoveBody(ReadOnlySpan<byte> body, IndexMap map, MemoryStream target)
    {
        var mover = new CodeMover(body, map, target);
        var growsMemory = false;
        for (var reader = CodeReader.OfBody(body); !reader.IsAtEnd;)
        {
            reader.Next();
            growsMemory |= reader.Instruction == WasmCodes.MemoryGrow;
            mover.Move(reader.Indices);
        }

        mover.Flush(body.Length);
        return growsMemory;
    }

    /// <summary>Copies a constant expression.</summary>
    /// <param name="reader">Stands at the expression, and then behind it.</param>
    /// <param name="map">What its indices mean.</param>
    /// <param name="target">Where to.</param>
    /// <exception cref="InvalidDataException">There is something in it that is not known here; the message says what.</exception>
    public static void MoveExpression(ref WasmReader reader, IndexMap map, MemoryStream target)
    {
        var mover = new CodeMover(reader.Rest, map, target);
        var code = new CodeReader(reader.Rest);
        do
        {
            code.Next();
            if (code.Instruction is 0x02 or 0x03 or 0x04)
            {
                throw new InvalidDataException("a constant expression in it has blocks");
            }

            mover.Move(code.Indices);
        }
        while (code.Instruction != WasmCodes.EndOfExpression);

        mover.Flush(code.Position);
        _ = reader.Take((uint)code.Position);
    }

    private void Move(scoped ReadOnlySpan<CodeIndex> indices)
    {
        foreach (var index in indices)
        {
            Flush(index.Start);
            switch (index.Space)
            {
                case IndexSpace.BlockType:
                    _target.WriteSignedNumber(_map.OfType(index.Value));
                    break;
                case IndexSpace.Type:
                    _target.WriteNumber(_map.OfType(index.Value));
                    break;
                case IndexSpace.Elements:
                    _target.WriteNumber(_map.OfElements(index.Value));
                    break;
                case IndexSpace.Data:
                    _target.WriteNumber(_map.OfData(index.Value));
                    break;
                default:
                    _target.WriteNumber(_map.Of((CoreSort)index.Space, index.Value));
                    break;
            }

            _copied = index.End;
        }
    }

    private void Flush(int end)
    {
        _target.Write(_source[_copied..end]);
        _copied = end;
    }
}
