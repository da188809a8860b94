using System.Globalization;
using System.Text;
using Wagi.Kubernetes.Resources;

namespace Wagi.Operator.Planning;

/// <summary>
/// The bytes in the ConfigMap and in the Secret for the runtimes, and who has them. What is served keeps its bytes, whoever is older: nobody
/// is thrown out because another module grows.
/// </summary>
internal sealed class Room(EntrySize total, int largest, NamespaceBudgets budgets)
{
    private EntrySize _left = total;

    /// <summary>Takes the room for what is served already; false, and takes none, when it does not fit.</summary>
    public bool TryKeep(ProgrammedEntry entry)
    {
        if (!entry.Size.Fits(_left))
        {
            return false;
        }

        _left -= entry.Size;
        budgets.Take(null, entry);
        return true;
    }

    /// <summary>Takes the room for an entry in the place of the module's last one; false, and changes nothing, when it does not fit.</summary>
    public bool TryReplace(ProgrammedEntry? last, ProgrammedEntry entry)
    {
        var before = last?.Size ?? default;
        if (!entry.Size.Fits(before) && !(IsSmall(entry) && entry.Size.Fits(_left + before) && budgets.WhyOver(last, entry) is null))
        {
            return false;
        }

        _left = _left + before - entry.Size;
        budgets.Take(last, entry);
        return true;
    }

    /// <summary>Why an entry does not fit.</summary>
    public Refusal Explain(ProgrammedEntry? last, ProgrammedEntry entry) => budgets.WhyOver(last, entry) is { } over
        ? new Refusal(ConditionReason.BudgetExceeded, over, KeepsLastGood: true)
        : new Refusal(ConditionReason.TooLarge, WhyTooLarge(last, entry), KeepsLastGood: true);

    private string WhyTooLarge(ProgrammedEntry? last, ProgrammedEntry entry)
    {
        var size = entry.Size;
        var room = _left + (last?.Size ?? default);
        const string Advice = "shorten env and argv, or remove other WagiModules";
        return IsSmall(entry)
            ? size.Toml > room.Toml
                ? Text($"the entry takes {size.Toml} bytes and the ConfigMap for the runtimes has room for {room.Toml} beside what is served; {Advice}")
                : Text($"the secret values take {size.Secret} bytes and the Secret for the runtimes has room for {room.Secret} beside what is served; shorten them, or remove other WagiModules")
            : size.Toml > largest
                ? Text($"the entry takes {size.Toml} bytes and one module may take {largest}; shorten env and argv")
                : Text($"the secret values take {size.Secret} bytes and those of one module may take {largest}; shorten them");
    }

    private bool IsSmall(ProgrammedEntry entry) => entry.Size.Fits(new EntrySize(largest, largest));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The room that an entry takes.</summary>
/// <param name="Toml">
/// Bytes of <c>modules.toml</c>. The body of the request that writes it has at most three times as many (<see cref="ApiServer.BodyEncoder"/>),
/// which is less than the 3 MiB that the API server reads.
/// </param>
/// <param name="Secret">Bytes of the Secret.</param>
internal readonly record struct EntrySize(int Toml, int Secret)
{
    /// <summary>The punctuation around a key where the API server notes who manages it.</summary>
    private const int ManagedKey = 16;

    /// <summary>The size of an entry.</summary>
    /// <param name="toml">It in <c>modules.toml</c>, where an empty line follows.</param>
    /// <param name="key">Its key in the Secret, which is stored twice: with its value, and in <c>managedFields</c>.</param>
    /// <param name="secrets">Its value there; null: none.</param>
    public static EntrySize Of(string toml, string key, byte[]? secrets) =>
        new(Encoding.UTF8.GetByteCount(toml) + 1, secrets is null ? 0 : secrets.Length + (2 * key.Length) + ManagedKey);

    /// <summary>Whether there is room for it.</summary>
    public bool Fits(EntrySize room) => Toml <= room.Toml && Secret <= room.Secret;

    public static EntrySize operator +(EntrySize a, EntrySize b) => new(a.Toml + b.Toml, a.Secret + b.Secret);

    public static EntrySize operator -(EntrySize a, EntrySize b) => new(a.Toml - b.Toml, a.Secret - b.Secret);
}
