using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Wagi.TestCluster.Bindle;

/// <summary>A bindle in the making: parcels are added, and its invoice and files come out, written as Bindle's specifications say.</summary>
public sealed class TestBindle(string name, string version = "1.0.0")
{
    private readonly StringBuilder _invoice = new(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        bindleVersion = "1.0.0"

        [bindle]
        name = "{name}"
        version = "{version}"
        authors = ["The authors <nobody@example.com>"]
        description = "Made by a test"

        """));

    /// <summary><c>NAME/VERSION</c>.</summary>
    public string Name => $"{name}/{version}";

    /// <summary>The invoice, in TOML.</summary>
    public string Invoice => _invoice.ToString();

    /// <summary>The parcels by their SHA-256. What is taken out of it is missing wherever the bindle is kept.</summary>
    public Dictionary<string, byte[]> Parcels { get; } = [];

    /// <summary>The hash that names a parcel.</summary>
    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Adds a module: a parcel of media type <c>application/wasm</c> in the global group.</summary>
    /// <param name="fileName">Its name.</param>
    /// <param name="wasm">WebAssembly, or its text.</param>
    /// <param name="wagi">What stands below <c>feature.wagi</c>.</param>
    /// <param name="requires">The groups that it requires.</param>
    public TestBindle AddModule(string fileName, string wasm, string wagi, params string[] requires) =>
        Add(fileName, "application/wasm", Encoding.UTF8.GetBytes(wasm), wagi, [], requires);

    /// <summary>Adds a file that modules see which require one of its groups.</summary>
    public TestBindle AddFile(string fileName, string content, params string[] memberOf) =>
        Add(fileName, "text/plain", Encoding.UTF8.GetBytes(content), "file = \"true\"", memberOf, []);

    /// <summary>Adds a parcel.</summary>
    public TestBindle Add(string fileName, string mediaType, byte[] content, string wagi, string[] memberOf, string[] requires)
    {
        ArgumentNullException.ThrowIfNull(content);
        var sha256 = Sha256(content);
        Parcels[sha256] = content;
        _invoice.Append(
            CultureInfo.InvariantCulture,
            $"""

            [[parcel]]
            [parcel.label]
            name = "{fileName}"
            mediaType = "{mediaType}"
            size = {content.Length}
            sha256 = "{sha256}"
            [parcel.label.feature.wagi]
            {wagi}
            [parcel.conditions]
            memberOf = [{Quote(memberOf)}]
            requires = [{Quote(requires)}]

            """);
        return this;
    }

    /// <summary>Declares groups.</summary>
    public TestBindle AddGroups(params string[] groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        foreach (var group in groups)
        {
            _invoice.Append(CultureInfo.InvariantCulture, $"\n[[group]]\nname = \"{group}\"\n");
        }

        return this;
    }

    /// <summary>Writes it as a standalone bindle below a folder, and returns the folder of its own.</summary>
    public string WriteTo(string directory)
    {
        var folder = Path.Combine(directory, Sha256(Encoding.UTF8.GetBytes(Name)));
        var parcels = Directory.CreateDirectory(Path.Combine(folder, "parcels")).FullName;
        File.WriteAllText(Path.Combine(folder, "invoice.toml"), Invoice);
        foreach (var (sha256, content) in Parcels)
        {
            File.WriteAllBytes(Path.Combine(parcels, sha256 + ".dat"), content);
        }

        return folder;
    }

    private static string Quote(string[] names) => string.Join(", ", names.Select(group => $"\"{group}\""));
}
