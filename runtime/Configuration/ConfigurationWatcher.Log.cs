namespace Wagi.Runtime.Configuration;

internal sealed partial class ConfigurationWatcher
{
    [LoggerMessage(LogLevel.Information, "Read {Path}: {Entries} modules, {Problems} problems")]
    private partial void LogRead(string path, int entries, int problems);

    [LoggerMessage(LogLevel.Information, "Module {Id} is loaded again, because {File} changed")]
    private partial void LogModuleFileChanged(string id, string file);

    [LoggerMessage(LogLevel.Information, "Folder {Directory} cannot be watched ({Error}): it is looked at every second instead")]
    private partial void LogNotWatched(string directory, string error);
}
