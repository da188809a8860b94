using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Wagi.Modules.Configuration;
using Wagi.Modules.Problems;
using Wagi.Modules.Secrets;
using Wagi.Runtime.Cache;
using Wagi.Runtime.Loading;

namespace Wagi.Runtime.Configuration;

/// <summary>Reads what says which modules there are, and the folder that the generated Secret is mounted in.</summary>
internal sealed partial class ConfigurationReader(
    ModulesOrigin origin, string? secretsDirectory, TimeProvider time, ILogger<ConfigurationReader> logger)
{
    /// <summary>What says which modules there are.</summary>
    public ModulesOrigin Origin { get; } = origin;

    /// <summary>Absolute path of the folder of the mounted Secret; null: there is none.</summary>
    public string? SecretsDirectory { get; } = secretsDirectory;

    /// <summary>What file and folder say now. A file that cannot be read is a problem in the result, not an exception.</summary>
    public DesiredModules Read()
    {
        ModulesFile file;
        string? digest = null;
        try
        {
            var bytes = Origin.ConfigurationPath is { } path ? File.ReadAllBytes(path) : [];
            digest = BlobCache.DigestOf(bytes);
            file = Origin.Read(Encoding.UTF8.GetString(bytes), Origin.Path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var problem = new Problem(
                new SourceLocation(Origin.Path, 0, 0), ProblemSeverity.Error, $"the file cannot be read: {exception.Message}", "what was loaded before stays");
            file = ModulesFile.Empty with { Problems = [problem], IsDamaged = true };
        }

        return new DesiredModules
        {
            Path = Origin.Path,
            File = file,
            Digest = digest,
            ReadAt = time.GetUtcNow(),
            CanHaveSecrets = SecretsDirectory is not null,
            Secrets = ReadSecrets(file),
        };
    }

    private ImmutableDictionary<string, ModuleSecrets> ReadSecrets(ModulesFile file)
    {
        var all = ImmutableDictionary.CreateBuilder<string, ModuleSecrets>(StringComparer.Ordinal);
        foreach (var entry in file.Entries)
        {
            if (entry.SecretsVersion is not null && SecretsDirectory is not null && TryReadSecrets(entry.Id) is { } secrets)
            {
                all[entry.Id] = secrets;
            }
        }

        return all.ToImmutable();
    }

    private ModuleSecrets? TryReadSecrets(string id)
    {
        var file = Path.Combine(SecretsDirectory!, ModuleSecrets.KeyFor(id));
        try
        {
            return File.Exists(file) ? ModuleSecrets.FromJson(File.ReadAllBytes(file)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogSecretsUnreadable(file, exception.Message);
        }
        catch (JsonException)
        {
            // The parser's message may quote the text: it stays out of the log.
            LogSecretsUnreadable(file, "it is not the JSON document that the operator writes");
        }

        return null;
    }

    [LoggerMessage(LogLevel.Warning, "Secrets file {Path} cannot be used: {Error}")]
    private partial void LogSecretsUnreadable(string path, string error);
}
