namespace Wagi.Runtime.Cache;

internal sealed partial class CompiledCache
{
    [LoggerMessage(LogLevel.Information, "Compiled {Digest}: {WasmBytes} bytes of Wasm, {CodeBytes} bytes of native code, {Milliseconds} ms")]
    private partial void LogCompiled(string digest, int wasmBytes, int codeBytes, long milliseconds);

    [LoggerMessage(LogLevel.Warning, "Cached native code {Path} is damaged: removed, the module is compiled again")]
    private partial void LogDamaged(string path);

    [LoggerMessage(LogLevel.Warning, "Cached native code {Path} does not fit this engine: removed, the module is compiled again ({Error})")]
    private partial void LogRefused(string path, string error);

    [LoggerMessage(LogLevel.Warning, "Native code could not be kept in the cache as {Path}: {Error}")]
    private partial void LogNotStored(string path, string error);

    [LoggerMessage(LogLevel.Warning, "Cache lock {Path} could not be taken: {Error}")]
    private partial void LogNotLocked(string path, string error);
}
