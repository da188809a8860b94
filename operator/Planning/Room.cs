using System.Text;
using Wagi.Modules.Secrets;
using Wagi.Operator.Resources;

namespace Wagi.Operator.Planning;

/// <summary>The bytes that are left in the ConfigMap and in the Secret for the runtimes.</summary>
internal sealed class Room(int tomlBytes, int secretBytes)
{
    private int _tomlBytes = tomlBytes;
    private int _secretBytes = secretBytes;

    /// <summary>Takes the room for an entry; false, and takes none, when it does not fit.</summary>
    public bool TryTake(ProgrammedEntry entry)
    {
        var toml = entry.TomlBytes;
        var secrets = SecretBytes(entry);
        if (toml > _tomlBytes || secrets > _secretBytes)
        {
            return false;
        }

        _tomlBytes -= toml;
        _secretBytes -= secrets;
        return true;
    }

    /// <summary>Why an entry does not fit.</summary>
    public string Explain(ProgrammedEntry entry) => entry.TomlBytes > _tomlBytes
        ? $"the entry takes {entry.TomlBytes} bytes and the ConfigMap for the runtimes has room for {_tomlBytes} beside the older WagiModules; shorten env and argv, or remove other WagiModules"
        : $"the secret values take {SecretBytes(entry)} bytes and the Secret for the runtimes has room for {_secretBytes} beside the older WagiModules; shorten them, or remove other WagiModules";

    private static int SecretBytes(ProgrammedEntry entry) =>
        entry.Secrets is null ? 0 : entry.Secrets.Length + Encoding.UTF8.GetByteCount(ModuleSecrets.KeyFor(entry.Entry.Id));
}
