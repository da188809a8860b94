namespace Wagi.Runtime.Commands;

/// <summary>A module that is named on the command line.</summary>
internal static class ModuleFile
{
    /// <summary>Its bytes.</summary>
    /// <exception cref="IOException">There is no such file, or it cannot be read; the message is for the user.</exception>
    public static async Task<byte[]> ReadAsync(string file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(file, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException($"{file}: no such file", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{file}: {(Directory.Exists(file) ? "is a folder, not a module" : exception.Message)}", exception);
        }
    }
}
