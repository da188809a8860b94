using System.Globalization;
using Wagi.Operator.Classes;

namespace Wagi.Operator.Planning;

/// <summary>
/// What the namespaces have of their class, and may have. As with a ResourceQuota, what is served when a budget is lowered stays, and what becomes
/// smaller is always taken.
/// </summary>
/// <param name="rules">The rules of the class; null: no budgets.</param>
internal sealed class NamespaceBudgets(ClassRules? rules)
{
    private readonly Dictionary<string, (int Modules, long Bytes)> _used = new(StringComparer.Ordinal);

    /// <summary>Counts an entry, in the place of the module's last one.</summary>
    public void Take(ProgrammedEntry? last, ProgrammedEntry entry)
    {
        var used = _used.GetValueOrDefault(entry.Entry.Tenant);
        _used[entry.Entry.Tenant] = (used.Modules + (last is null ? 1 : 0), used.Bytes - BytesOf(last) + BytesOf(entry));
    }

    /// <summary>Why an entry is too much for its namespace, in the place of the module's last one; null: it is not.</summary>
    public string? WhyOver(ProgrammedEntry? last, ProgrammedEntry entry)
    {
        var @namespace = entry.Entry.Tenant;
        var (modules, bytes) = _used.GetValueOrDefault(@namespace);
        if (last is null && rules?.BudgetModules is { } most && modules >= most)
        {
            return Over("budget.modules", string.Create(CultureInfo.InvariantCulture, $"namespace '{@namespace}' has {modules} WagiModules that are served and may have {most}"));
        }

        var wanted = bytes - BytesOf(last) + BytesOf(entry);
        return rules?.BudgetBytes is { } room && wanted > room
            ? Over("budget.bytes", string.Create(CultureInfo.InvariantCulture, $"with it the WagiModules of namespace '{@namespace}' take {wanted} bytes and may take {room}"))
            : null;
    }

    private string Over(string rule, string what) => rules!.Broken("metadata.namespace", what + "; remove others", rule);

    private static long BytesOf(ProgrammedEntry? entry) => entry is null ? 0 : entry.Size.Toml + entry.Size.Secret;
}
