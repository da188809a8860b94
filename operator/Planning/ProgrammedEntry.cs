using System.Text;
using Wagi.Modules.Configuration;

namespace Wagi.Operator.Planning;

/// <summary>An entry of <c>modules.toml</c> with its part of the generated Secret.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Secrets">Its <see cref="Wagi.Modules.Secrets.ModuleSecrets"/> as JSON; null when it has none.</param>
internal sealed record ProgrammedEntry(ModuleEntry Entry, byte[]? Secrets)
{
    /// <summary>Bytes that the entry takes in <c>modules.toml</c>, with the empty line behind it.</summary>
    public int TomlBytes => Encoding.UTF8.GetByteCount(ModulesTomlWriter.Write(Entry)) + 1;
}
