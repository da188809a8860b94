using Wagi.Kubernetes.ApiServer;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Configuration;
using Wagi.Modules.Secrets;

namespace Wagi.Operator.Planning;

/// <summary>A WagiModule on its way through the plan. Each step fills in what it finds out.</summary>
internal sealed class Candidate(WagiModule module)
{
    public WagiModule Module { get; } = module;

    public ObjectKey Key { get; } = module.Key;

    /// <summary>The id of its entry.</summary>
    public string Id { get; } = module.Key.ToString();

    /// <summary>The checked spec; null when it is not valid.</summary>
    public CheckedSpec? Spec { get; set; }

    /// <summary>The entry of the current <c>modules.toml</c>, to fall back on.</summary>
    public ProgrammedEntry? LastGood { get; set; }

    /// <summary>Why it is not accepted; null while it is.</summary>
    public Refusal? Refusal { get; set; }

    /// <summary>Who has the route that it asks for; null: nobody else.</summary>
    public ObjectKey? LostTo { get; set; }

    /// <summary>The references in the spec, resolved; null when the module is refused and they were not looked at.</summary>
    public ResolvedSpec? Resolved { get; set; }

    /// <summary>What goes into <c>modules.toml</c> in the end.</summary>
    public ProgrammedEntry? Programmed { get; set; }

    /// <summary>Whether what goes into <c>modules.toml</c> in the end is still <see cref="LastGood"/>, because nothing may be written now.</summary>
    public bool Waits { get; set; }

    /// <summary>Whether <see cref="Programmed"/> is what the spec says, not the last good version.</summary>
    public bool IsAsSpecified => Programmed is not null && ReferenceEquals(Programmed, Resolved?.Entry);

    /// <summary>Whether the last good version may go on being served.</summary>
    public bool KeepsLastGood => LastGood is not null && Refusal is null or { KeepsLastGood: true };
}

/// <summary>Why a module is not accepted.</summary>
/// <param name="Reason">The reason of the condition <c>Accepted</c>.</param>
/// <param name="Message">Its message.</param>
/// <param name="KeepsLastGood">Whether the last good version is still served.</param>
internal sealed record Refusal(string Reason, string Message, bool KeepsLastGood);

/// <summary>An entry of <c>modules.toml</c> with its part of the generated Secret.</summary>
internal sealed class ProgrammedEntry
{
    /// <param name="entry">The entry.</param>
    /// <param name="secrets">Its <see cref="ModuleSecrets"/> as JSON; null when it has none.</param>
    public ProgrammedEntry(ModuleEntry entry, byte[]? secrets)
    {
        Entry = entry;
        Secrets = secrets;
        Toml = ModulesTomlWriter.Write(entry);
        SecretKey = ModuleSecrets.KeyFor(entry.Id);
        Size = EntrySize.Of(Toml, SecretKey, secrets);
    }

    public ModuleEntry Entry { get; }

    public byte[]? Secrets { get; }

    /// <summary>As <c>modules.toml</c> holds it.</summary>
    public string Toml { get; }

    /// <summary>Its key in the generated Secret.</summary>
    public string SecretKey { get; }

    /// <summary>The room that it takes.</summary>
    public EntrySize Size { get; }

    /// <summary>Whether two say the same, in <c>modules.toml</c> and in the Secret; null: nothing.</summary>
    public static bool AreSame(ProgrammedEntry? a, ProgrammedEntry? b) =>
        ReferenceEquals(a, b) || (a?.Toml == b?.Toml && a?.Secrets is null == b?.Secrets is null && a?.Secrets.AsSpan().SequenceEqual(b?.Secrets) != false);
}
