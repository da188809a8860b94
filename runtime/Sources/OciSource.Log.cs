namespace Wagi.Runtime.Sources;

internal sealed partial class OciSource
{
    [LoggerMessage(LogLevel.Information, "Pulling {Reference}")]
    private partial void LogPulling(string reference);

    [LoggerMessage(LogLevel.Information, "Pulled {Reference}: manifest {ManifestDigest}, {Bytes} bytes of Wasm")]
    private partial void LogPulled(string reference, string manifestDigest, int bytes);

    [LoggerMessage(LogLevel.Warning, "{Reference} is served as {ManifestDigest} from the cache, because the registry did not answer: {Error}")]
    private partial void LogServedFromCache(string reference, string manifestDigest, string error);
}
