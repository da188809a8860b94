using System.Text.Json.Nodes;
using Wagi.Hosting.CommandLine;
using Wagi.Kubernetes.Resources;
using Wagi.Operator.Rendering;
using Wagi.Operator.Yaml;

namespace Wagi.Operator.Commands;

/// <summary>The file of <c>--class-file</c>: the manifest of one WagiClass.</summary>
internal static class ClassFile
{
    private const string Flag = "--class-file";

    /// <summary>Reads the manifest.</summary>
    /// <exception cref="UsageException">It is no manifest of a WagiClass, or has fields that a WagiClass has not.</exception>
    public static JsonObject Read(string file)
    {
        string text;
        try
        {
            text = File.ReadAllText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{Flag}: {exception.Message}");
        }

        var documents = YamlReader.Read(text, file, out var problem);
        if (problem is not null)
        {
            throw new UsageException($"{Flag} {problem}");
        }

        var manifest = documents.Count == 1 ? documents[0].Root as JsonObject : null;
        if ((string?)manifest?["apiVersion"] != WagiModule.GroupVersion || (string?)manifest?["kind"] != WagiClass.KindName || manifest?["metadata"]?["name"] is null)
        {
            throw new UsageException($"{Flag} {file} is not the manifest of one {WagiClass.KindName} of {WagiModule.GroupVersion} with a name");
        }

        var wrong = new List<string>();
        ManifestSchema.Check(manifest!, WagiClass.KindName, (field, message, hint) => wrong.Add(hint is null ? message : $"{message} ({hint})"));
        return wrong.Count == 0 ? manifest! : throw new UsageException($"{Flag} {file}: {string.Join("; ", wrong)}");
    }

    /// <summary>The class that is served: what the flag says, or what the file is about.</summary>
    /// <exception cref="UsageException">They are about different classes.</exception>
    public static string? NameOf(string? flag, JsonObject? manifest)
    {
        var name = (string?)manifest?["metadata"]?["name"];
        return flag is null || name is null || flag == name ? flag ?? name : throw new UsageException($"{Flag} is about WagiClass '{name}' and --class says '{flag}'");
    }
}
