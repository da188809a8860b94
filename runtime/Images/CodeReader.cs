using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Wagi.Oci.Modules;

namespace Wagi.Runtime.Images;

/// <summary>
/// Reads the code of a core module, an instruction at a time (core specification §5.4). Instructions are known as far as compilers of today write
/// them; at any other it fails, for what follows it would be read wrongly.
/// </summary>
internal ref struct CodeReader
{
    private const int MaxIndices = 2;

    private WasmReader _reader;
    private IndexList _indices;
    private int _count;

    /// <param name="code">Instructions.</param>
    public CodeReader(ReadOnlySpan<byte> code) => _reader = new WasmReader(code);

    /// <summary>The instructions of a function.</summary>
    /// <param name="body">Its body, without its size.</param>
    /// <exception cref="InvalidDataException">Its local variables are of a type that is not known here.</exception>
    public static CodeReader OfBody(ReadOnlySpan<byte> body)
    {
        var reader = new CodeReader(body);
        for (var locals = reader._reader.Number(); locals > 0; locals--)
        {
            _ = reader._reader.Number();
            WasmTypes.RequirePlain(reader._reader.Byte());
        }

        return reader;
    }

    /// <summary>Bytes that have been read.</summary>
    public readonly int Position => _reader.Position;

    /// <summary>Whether there are no more instructions.</summary>
    public readonly bool IsAtEnd => _reader.IsAtEnd;

    /// <summary>The instruction that was read last: of those with a prefix, that and the number behind it, as <see cref="WasmCodes.Prefixed"/> says.</summary>
    public uint Instruction { get; private set; }

    /// <summary>The indices in it, in their order.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<CodeIndex> Indices => ((ReadOnlySpan<CodeIndex>)_indices)[.._count];

    /// <summary>Reads the next instruction.</summary>
    /// <exception cref="InvalidDataException">It is not known here, or cut off; the message says what.</exception>
    public void Next()
    {
        _count = 0;
        var instruction = _reader.Byte();
        Instruction = instruction;
        switch (instruction)
        {
            case 0x02 or 0x03 or 0x04: // block, loop, if
                ReadBlockType();
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
                Read(IndexSpace.Function);
                break;
            case 0x11 or 0x13: // call_indirect, return_call_indirect
                Read(IndexSpace.Type);
                Read(IndexSpace.Table);
                break;
            case 0x1c: // select with types
                WasmTypes.SkipPlain(ref _reader);
                break;
            case 0x23 or 0x24:
                Read(IndexSpace.Global);
                break;
            case 0x25 or (byte)WasmCodes.TableSet:
                Read(IndexSpace.Table);
                break;
            case >= 0x28 and <= 0x3e:
                SkipMemoryArgument();
                break;
            case 0x3f or (byte)WasmCodes.MemoryGrow: // memory.size and that
                Read(IndexSpace.Memory);
                break;
            case WasmCodes.ConstantOfInt32 or 0x42: // and i64.const
                _reader.SkipNumber();
                break;
            case 0x43:
                _ = _reader.Take(sizeof(float));
                break;
            case 0x44:
                _ = _reader.Take(sizeof(double));
                break;
            case 0xd0: // ref.null of a type that has a name
                WasmTypes.RequireAbstract(_reader.Byte());
                break;
            case WasmCodes.BulkPrefix:
                ReadBulk(_reader.Number());
                break;
            case WasmCodes.VectorPrefix:
                ReadVector(_reader.Number());
                break;
            case 0x00 or 0x01 or 0x05 or WasmCodes.EndOfExpression or 0x0f or 0x1a or 0x1b or (>= 0x45 and <= 0xc4) or 0xd1 or 0xd3 or 0xd4:
                break; // nothing follows
            default:
                throw new InvalidDataException($"a module in it uses the instruction 0x{instruction:x2}, which is not known here");
        }
    }

    private void ReadBulk(uint number)
    {
        Instruction = WasmCodes.Prefixed(WasmCodes.BulkPrefix, number);
        switch (number)
        {
            case <= 7: // conversions
                break;
            case 8: // memory.init
                Read(IndexSpace.Data);
                Read(IndexSpace.Memory);
                break;
            case 9: // data.drop
                Read(IndexSpace.Data);
                break;
            case 10: // memory.copy
                Read(IndexSpace.Memory);
                Read(IndexSpace.Memory);
                break;
            case 11: // memory.fill
                Read(IndexSpace.Memory);
                break;
            case 12: // table.init
                Read(IndexSpace.Elements);
                Read(IndexSpace.Table);
                break;
            case 13: // elem.drop
                Read(IndexSpace.Elements);
                break;
            case 14: // table.copy
                Read(IndexSpace.Table);
                Read(IndexSpace.Table);
                break;
            case 15 or 16 or 17: // table.grow, table.size, table.fill
                Read(IndexSpace.Table);
                break;
            default:
                throw new InvalidDataException($"a module in it uses the instruction 0xfc {number}, which is not known here");
        }
    }

    private void ReadVector(uint number)
    {
        Instruction = WasmCodes.Prefixed(WasmCodes.VectorPrefix, number);
        switch (number)
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
                throw new InvalidDataException($"a module in it uses the instruction 0xfd {number}, which is not known here");
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

    private void ReadBlockType()
    {
        // A value type, or none, is one byte that is a negative number (§5.4.1); a type by its index is not.
        var start = _reader.Position;
        var first = _reader.Byte();
        if (first is >= 0x40 and < 0x80)
        {
            if (first != 0x40)
            {
                WasmTypes.RequirePlain(first);
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

        Add(new CodeIndex(IndexSpace.BlockType, start, _reader.Position, value));
    }

    private void Read(IndexSpace space)
    {
        var start = _reader.Position;
        var value = _reader.Number();
        Add(new CodeIndex(space, start, _reader.Position, value));
    }

    private void Add(CodeIndex index) => _indices[_count++] = index;

    [InlineArray(MaxIndices)]
    private struct IndexList
    {
        private CodeIndex _first;
    }
}

/// <summary>An index in an instruction.</summary>
/// <param name="Space">What it counts.</param>
/// <param name="Start">Where it begins in the code.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Value">The index.</param>
internal readonly record struct CodeIndex(IndexSpace Space, int Start, int End, uint Value);

/// <summary>What an index counts (core specification §2.5.1); the first four as imports and exports number them (§5.5.5).</summary>
internal enum IndexSpace
{
    Function = 0,
    Table = 1,
    Memory = 2,
    Global = 3,
    Type,

    /// <summary>A type, written as a number with a sign.</summary>
    BlockType,
    Elements,
    Data,
}
