using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Operator.ApiServer;
using Wagi.Operator.Resources;

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

    /// <summary>The references in the spec, resolved; null when the module is refused and they were not looked at.</summary>
    public ResolvedSpec? Resolved { get; set; }

    /// <summary>What goes into <c>modules.toml</c> in the end.</summary>
    public ProgrammedEntry? Programmed { get; set; }

    /// <summary>Whether <see cref="Programmed"/> is what the spec says, not the last good version.</summary>
    public bool IsAsSpecified => Programmed is not null && ReferenceEquals(Programmed, Resolved?.Entry);
}

/// <summary>Why a module is not accepted.</summary>
/// <param name="Reason">The reason of the condition <c>Accepted</c>.</param>
/// <param name="Message">Its message.</param>
/// <param name="KeepsLastGood">Whether the last good version is still served.</param>
internal sealed record Refusal(string Reason, string Message, bool KeepsLastGood);

/// <summary>An entry of <c>modules.toml</c> with its part of the generated Secret.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Secrets">Its <see cref="Wagi.Modules.Secrets.ModuleSecrets"/> as JSON; null when it has none.</param>
internal sealed record ProgrammedEntry(ModuleEntry Entry, byte[]? Secrets)
{
    /// <summary>Bytes that the entry takes in <c>modules.toml</c>, with the empty line behind it.</summary>
    public int TomlBytes => Encoding.UTF8.GetByteCount(ModulesTomlWriter.Write(Entry)) + 1;
}
