using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/types.header-error</c>; none of its cases is <see cref="None"/>.</summary>
internal enum HeaderError
{
    None = -1,
    InvalidSyntax = 0,
    Forbidden = 1,
    Immutable = 2,
}

/// <summary><c>wasi:http/types.fields</c>: header or trailer fields.</summary>
internal sealed class Fields : Resource
{
    /// <summary>What a field takes beside its name and value, in bytes.</summary>
    private const int Overhead = 64;

    private readonly List<HttpField> _fields;
    private readonly ComponentRun? _run;
    private int _taken;

    /// <summary>None yet.</summary>
    /// <param name="run">Who pays for them.</param>
    public Fields(ComponentRun run)
    {
        _fields = [];
        _run = run;
    }

    /// <summary>Those of a message that was received, which never change.</summary>
    public Fields(IEnumerable<HttpField> received)
    {
        _fields = [.. received.Where(field => !IsForbidden(field.Name))];
        IsImmutable = true;
    }

    /// <summary>Whether they belong to a message already.</summary>
    public bool IsImmutable { get; private set; }

    /// <summary>All, in order.</summary>
    public IReadOnlyList<HttpField> All => _fields;

    /// <summary>From now on they belong to a message.</summary>
    public Fields Freeze()
    {
        IsImmutable = true;
        return this;
    }

    /// <summary>The values under a name, whatever its case.</summary>
    public IEnumerable<byte[]> Get(string name) =>
        _fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);

    /// <summary>Whether there is one of that name.</summary>
    public bool Has(string name) => Get(name).Any();

    /// <summary>Adds a value.</summary>
    /// <exception cref="Interop.TrapException">The run has too many.</exception>
    public HeaderError Append(string name, ReadOnlySpan<byte> value)
    {
        var error = Check(name, value);
        if (error == HeaderError.None)
        {
            Add(new HttpField(name, value.ToArray()));
        }

        return error;
    }

    /// <summary>Whether a value could be added.</summary>
    public HeaderError Check(string name, ReadOnlySpan<byte> value) =>
        IsImmutable ? HeaderError.Immutable
        : !HttpField.IsToken(name) || HttpField.HasControl(value) ? HeaderError.InvalidSyntax
        : IsForbidden(name) ? HeaderError.Forbidden
        : HeaderError.None;

    /// <summary>Takes all values under a name away.</summary>
    public HeaderError Delete(string name)
    {
        var error = Check(name, default);
        if (error == HeaderError.None)
        {
            _fields.RemoveAll(field =>
            {
                var isMeant = field.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
                Pay(isMeant ? -SizeOf(field) : 0);
                return isMeant;
            });
        }

        return error;
    }

    /// <summary>A copy that may be changed.</summary>
    /// <exception cref="Interop.TrapException">The run has too many.</exception>
    public Fields Copy(ComponentRun run)
    {
        var copy = new Fields(run);
        foreach (var field in _fields)
        {
            copy.Add(field);
        }

        return copy;
    }

    /// <inheritdoc/>
    public override void Release() => Pay(-_taken);

    private void Add(HttpField field)
    {
        Pay(SizeOf(field));
        _fields.Add(field);
    }

    private void Pay(int bytes)
    {
        _taken += bytes;
        _run?.Take(bytes);
    }

    private static int SizeOf(HttpField field) => Overhead + (2 * field.Name.Length) + field.Value.Length;

    /// <summary>Whether the runtime says it, or <c>wasi:http</c> elsewhere.</summary>
    private static bool IsForbidden(string name) =>
        HttpField.IsOfConnection(name) || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals("HTTP2-Settings", StringComparison.OrdinalIgnoreCase);
}
