using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Configuration;

/// <summary>Reads the configuration file and the folder that the generated Secret is mounted in.</summary>
internal sealed partial class ConfigurationReader(
    string path, string? secretsDirectory, TimeProvider time, ILogger<ConfigurationReader> logger)
{
    /// <summary>What file and folder say now. A file that cannot be read is a problem in the result, not an exception.</summary>
    public DesiredModules Read()
    {
        ModulesFile file;
        string? digest = null;
        try
        {
            var bytes = File.ReadAllBytes(path);
            digest = BlobCache.DigestOf(bytes);
            file = ModulesTomlReader.Read(Encoding.UTF8.GetString(bytes), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var problem = new Problem(
                new SourceLocation(path, 0, 0), ProblemSeverity.Error, $"the file cannot be read: {error.Message}", "what was loaded before stays");
            file = ModulesFile.Empty with { Problems = [problem], HasSyntaxErrors = true };
        }

        return new DesiredModules
        {
            Path = path,
            File = file,
            Digest = digest,
            ReadAt = time.GetUtcNow(),
            CanHaveSecrets = secretsDirectory is not null,
            Secrets = ReadSecrets(file),
        };
    }

    private ImmutableDictionary<string, ModuleSecrets> ReadSecrets(ModulesFile file)
    {
        var all = ImmutableDictionary.CreateBuilder<string, ModuleSecrets>(StringComparer.Ordinal);
        foreach (var entry in file.Entries)
        {
            if (entry.SecretsVersion is not null && secretsDirectory is not null && TryReadSecrets(entry.Id) is { } secrets)
            {
                all[entry.Id] = secrets;
            }
        }

        return all.ToImmutable();
    }

    private ModuleSecrets? TryReadSecrets(string id)
    {
        var file = Path.Combine(secretsDirectory!, ModuleSecrets.KeyFor(id));
        try
        {
            return File.Exists(file) ? ModuleSecrets.FromJson(File.ReadAllBytes(file)) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogSecretsUnreadable(file, error.Message);
        }
        catch (JsonException)
        {
            // The parser's message may quote the text: it stays out of the log.
            LogSecretsUnreadable(file, "it is not the JSON document that the operator writes");
        }

        return null;
    }
}
