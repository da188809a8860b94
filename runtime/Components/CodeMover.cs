using Wagi.Oci.Modules;
using Wagi.Runtime.Images;

namespace Wagi.Runtime.Components;

/// <summary>
/// Copies code of a module with the indices that it has in another one (core specification §5.4). Instructions are known as far as compilers
/// of today write them; others are refused, never copied.
/// </summary>
internal ref struct CodeMover
{
    private readonly ReadOnlySpan<byte> _source;
    private readonly IndexMap _map;
    private readonly MemoryStream _target;
    private WasmReader _reader;
    private int _copied;
    private bool _growsMemory;

    private CodeMover(ReadOnlySpan<byte> source, IndexMap map, MemoryStream target)
    {
        _source = source;
        _map = map;
        _target = target;
        _reader = new WasmReader(source);
    }

    /// <summary>Copies the body of a function, without its size.</summary>
    /// <returns>Whether it grows the memory.</returns>
    /// <exception cref="InvalidDataException">There is something in it that is not known here; the message says what.</exception>
    public static bool MoveBody(ReadOnlySpan<byte> body, IndexMap map, MemoryStream target)
    {
        var mover = new CodeMover(body, map, target);
        for (var locals = mover._reader.Number(); locals > 0; locals--)
        {
            _ = mover._reader.Number();
            CoreModule.RequirePlain(mover._reader.Byte());
        }

        while (!mover._reader.IsAtEnd)
        {
            mover.MoveInstruction(mover._reader.Byte());
        }

        mover.Flush(mover._reader.Position);
        return mover._growsMemory;
    }

    /// <summary>Copies a constant expression.</summary>
    /// <param name="reader">Stands at the expression, and then behind it.</param>
    /// <param name="map">What its indices mean.</param>
    /// <param name="target">Where to.</param>
    /// <exception cref="InvalidDataException">There is something in it that is not known here; the message says what.</exception>
    public static void MoveExpression(ref WasmReader reader, IndexMap map, MemoryStream target)
    {
        var mover = new CodeMover(reader.Rest, map, target);
        for (byte instruction = 0; instruction != WasmCodes.EndOfExpression;)
        {
            instruction = mover._reader.Byte();
            if (instruction is 0x02 or 0x03 or 0x04)
            {
                throw new InvalidDataException("a constant expression in it has blocks");
            }

            mover.MoveInstruction(instruction);
        }

        mover.Flush(mover._reader.Position);
        _ = reader.Take((uint)mover._reader.Position);
    }

    private void MoveInstruction(byte instruction)
    {
        switch (instruction)
        {
            case 0x02 or 0x03 or 0x04: // block, loop, if
                MoveBlockType();
                break;
            case 0x0c or 0x0d or (>= 0x20 and <= 0x22) or 0xd5 or 0xd6: // branches, local variables
                _ = _reader.Number();
                break;
            case 0x0e: // br_table
                for (var labels = (ulong)_reader.Number() + 1; labels > 0; labels--)
                {
                    _ = _reader.Number();
                }

                break;
            case 0x10 or 0x12 or 0xd2: // call, return_call, ref.func
                Move(CoreSort.Function);
                break;
            case 0x11 or 0x13: // call_indirect, return_call_indirect
                MoveType();
                Move(CoreSort.Table);
                break;
            case 0x1c: // select with types
                CoreModule.SkipValueTypes(ref _reader);
                break;
            case 0x23 or 0x24:
                Move(CoreSort.Global);
                break;
            case 0x25 or 0x26:
                Move(CoreSort.Table);
                break;
            case >= 0x28 and <= 0x3e:
                SkipMemoryArgument();
                break;
            case 0x3f or 0x40: // memory.size, memory.grow
                _growsMemory |= instruction == 0x40;
                Move(CoreSort.Memory);
                break;
            case 0x41 or 0x42: // i32.const, i64.const
                _reader.SkipNumber();
                break;
            case 0x43:
                _ = _reader.Take(sizeof(float));
                break;
            case 0x44:
                _ = _reader.Take(sizeof(double));
                break;
            case 0xd0: // ref.null of a type that has a name
                RequireAbstractHeapType(_reader.Byte());
                break;
            case 0xfc:
                MoveBulk(_reader.Number());
                break;
            case 0xfd:
                SkipVector(_reader.Number());
                break;
            case 0x00 or 0x01 or 0x05 or WasmCodes.EndOfExpression or 0x0f or 0x1a or 0x1b or (>= 0x45 and <= 0xc4) or 0xd1 or 0xd3 or 0xd4:
                break; // nothing follows
            default:
                throw new InvalidDataException($"a module in it uses the instruction 0x{instruction:x2}, which is not known here");
        }
    }

    private void MoveBulk(uint instruction)
    {
        switch (instruction)
        {
            case <= 7: // conversions
                break;
            case 8: // memory.init
                Write(_reader.Position, _map.OfData(_reader.Number()));
                Move(CoreSort.Memory);
                break;
            case 9: // data.drop
                Write(_reader.Position, _map.OfData(_reader.Number()));
                break;
            case 10: // memory.copy
                Move(CoreSort.Memory);
                Move(CoreSort.Memory);
                break;
            case 11: // memory.fill
                Move(CoreSort.Memory);
                break;
            case 12: // table.init
                Write(_reader.Position, _map.OfElements(_reader.Number()));
                Move(CoreSort.Table);
                break;
            case 13: // elem.drop
                Write(_reader.Position, _map.OfElements(_reader.Number()));
                break;
            case 14: // table.copy
                Move(CoreSort.Table);
                Move(CoreSort.Table);
                break;
            case 15 or 16 or 17: // table.grow, table.size, table.fill
                Move(CoreSort.Table);
                break;
            default:
                throw new InvalidDataException($"a module in it uses the instruction 0xfc {instruction}, which is not known here");
        }
    }

    private void SkipVector(uint instruction)
    {
        switch (instruction)
        {
            case <= 11 or 92 or 93: // loads and stores
                SkipMemoryArgument();
                break;
            case 12 or 13: // v128.const, shuffle
                _ = _reader.Take(16);
                break;
            case >= 21 and <= 34: // a lane
                _ = _reader.Byte();
                break;
            case >= 84 and <= 91: // loads and stores of a lane
                SkipMemoryArgument();
                _ = _reader.Byte();
                break;
            case <= 0x113: // the others, the relaxed ones included
                break;
            default:
                throw new InvalidDataException($"a module in it uses the instruction 0xfd {instruction}, which is not known here");
        }
    }

    /// <summary>Alignment and offset; of the memory that there is, which has index 0 everywhere.</summary>
    private void SkipMemoryArgument()
    {
        const uint NamesMemory = 1 << 6;
        if ((_reader.Number() & NamesMemory) != 0)
        {
            throw new InvalidDataException("a module in it has several memories");
        }

        _reader.SkipNumber();
    }

    private void MoveBlockType()
    {
        // A value type, or none, is one byte that is a negative number (§5.4.1); a type by its index is not.
        var start = _reader.Position;
        var first = _reader.Byte();
        if (first is >= 0x40 and < 0x80)
        {
            if (first != 0x40)
            {
                CoreModule.RequirePlain(first);
            }

            return;
        }

        var value = (uint)(first & 0x7f);
        for (var shift = 7; first >= 0x80; shift += 7)
        {
            first = _reader.Byte();
            value |= (uint)(first & 0x7f) << shift;
            if (shift > 28)
            {
                throw new InvalidDataException("a number in the binary is longer than 33 bits");
            }
        }

        Flush(start);
        _target.WriteSignedNumber(_map.OfType(value));
        _copied = _reader.Position;
    }

    private static void RequireAbstractHeapType(byte type)
    {
        if (type is < 0x65 or >= 0x80)
        {
            throw new InvalidDataException("a module in it has references to types of its own");
        }
    }

    private void Move(CoreSort sort)
    {
        var start = _reader.Position;
        Write(start, _map.Of(sort, _reader.Number()));
    }

    private void MoveType()
    {
        var start = _reader.Position;
        Write(start, _map.OfType(_reader.Number()));
    }

    /// <summary>Writes a number in the place of the one that has been read since a position.</summary>
    private void Write(int start, uint value)
    {
        Flush(start);
        _target.WriteNumber(value);
        _copied = _reader.Position;
    }

    private void Flush(int end)
    {
        _target.Write(_source[_copied..end]);
        _copied = end;
    }
}
