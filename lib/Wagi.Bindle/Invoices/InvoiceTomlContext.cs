using Tomlyn.Model;
using Tomlyn.Serialization;

namespace Wagi.Bindle.Invoices;

/// <summary>Reads TOML without reflection.</summary>
[TomlSerializable(typeof(TomlTable))]
internal sealed partial class InvoiceTomlContext : TomlSerializerContext;
