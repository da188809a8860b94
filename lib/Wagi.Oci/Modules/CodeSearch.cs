namespace Wagi.Oci.Modules;

/// <summary>
/// Tells components that can do something from WIT packages, which <c>wkg</c> publishes in the same form: a component of types, without a module,
/// a component or an instance (component model, "Binary Format": sections 1, 2, 4 and 5). Reads only the heads of sections, and the binary in
/// pieces of any size.
/// </summary>
public sealed class CodeSearch
{
    private const int LayerByte = 6;

    private long _position;
    private bool _isComponent;
    private State _state = State.Preamble;
    private uint _size;
    private int _shift;
    private long _skip;

    private enum State
    {
        Preamble,
        Id,
        Size,
        Content,
    }

    /// <summary>What is wrong with a binary in which nothing was found, to follow its name.</summary>
    public const string Refusal = "is a WIT package: it has types, and nothing that can run; name a component that implements them";

    /// <summary>Whether what was read so far is a component without anything to run.</summary>
    public bool IsTypesOnly => _isComponent && !HasCode;

    private bool HasCode { get; set; }

    /// <summary>Reads the next piece.</summary>
    public void Read(ReadOnlySpan<byte> piece)
    {
        for (var i = 0; i < piece.Length && !HasCode; i++, _position++)
        {
            var next = piece[i];
            switch (_state)
            {
                case State.Preamble:
                    _isComponent |= _position == LayerByte && next == 1;
                    _state = _position == WasmBinary.PreambleSize - 1 ? State.Id : State.Preamble;
                    // A core module is code itself.
                    HasCode = _state == State.Id && !_isComponent;
                    break;
                case State.Id:
                    HasCode = next is 1 or 2 or 4 or 5;
                    (_state, _size, _shift) = (State.Size, 0, 0);
                    break;
                case State.Size:
                    _size |= _shift < 32 ? (uint)(next & 0x7f) << _shift : 0;
                    _shift += 7;
                    if (next < 0x80)
                    {
                        (_skip, _state) = (_size, _size == 0 ? State.Id : State.Content);
                    }

                    break;
                default:
                    var skipped = (int)Math.Min(_skip, piece.Length - i);
                    _skip -= skipped;
                    (i, _position) = (i + skipped - 1, _position + skipped - 1);
                    _state = _skip == 0 ? State.Id : State.Content;
                    break;
            }
        }
    }
}
