using System.Globalization;

namespace Wagi.Runtime.Guests;

/// <summary>
/// How the descriptors and memory maps of this process are shared out, so that what many modules take is never what the ports need: half of
/// the descriptors for loaded modules, a quarter for connections of clients, an eighth for files that guests open, and the rest for everything else.
/// </summary>
internal static class ProcessCapacity
{
    /// <summary>A loaded module keeps its file open, once for its code and once for the image of its memory.</summary>
    private const long DescriptorsOfGuest = 2;

    /// <summary>It maps its code in three parts and the image, and there is one map to spare.</summary>
    private const long MapsOfGuest = 5;

    /// <summary>Maps of the program itself, of its heap and of the memories of guests, each of which has up to four.</summary>
    private const long MapsOfProgram = 8192;

    /// <summary>Memories without a guest that may be kept: half of these maps.</summary>
    public const int IdleSlots = (int)MapsOfProgram / 2 / 4;

    /// <summary>Modules that may be loaded at the same time.</summary>
    public static int Guests { get; } = (int)Math.Clamp(
        Math.Min(Descriptors() / 2 / DescriptorsOfGuest, (Maps() - MapsOfProgram) / MapsOfGuest), 1, int.MaxValue);

    /// <summary>Connections of clients that may be open at the same time.</summary>
    public static long Connections { get; } = Math.Max(Descriptors() / 4, 1);

    /// <summary>Files that all guests together may have open.</summary>
    public static long Files { get; } = Math.Max(Descriptors() / 8, 1);

    private static long Descriptors() =>
        OperatingSystem.IsLinux() && ResourceLimits.Read(ProcessResource.OpenFiles) is { } limit and < long.MaxValue ? (long)limit : long.MaxValue;

    private static long Maps()
    {
        try
        {
            return long.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return long.MaxValue;
        }
    }
}
