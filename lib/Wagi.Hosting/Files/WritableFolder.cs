namespace Wagi.Hosting.Files;

/// <summary>A folder that a program keeps files in, and that is tried before there is one to keep.</summary>
public static class WritableFolder
{
    /// <summary>Makes it, and finds out whether files can be written there.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="option">The option that names another one.</param>
    /// <exception cref="IOException">It cannot be made or written to; the message names it and the option.</exception>
    public static void Prepare(string folder, string what, string option)
    {
        try
        {
            Make(folder);
            var probe = Path.Combine(folder, $".probe-{Guid.NewGuid():N}{AtomicFile.TemporarySuffix}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{what} '{folder}' cannot be written to: {exception.Message.TrimEnd('.')} (choose another with {option})", exception);
        }
    }

    private static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new IOException("this file system takes no new folders", exception); // such as /proc and /sys
        }
    }
}
