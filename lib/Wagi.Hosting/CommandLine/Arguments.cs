using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Wagi.Modules.Limits;

namespace Wagi.Hosting.CommandLine;

/// <summary>Reads option values; errors name the option and the value.</summary>
public static class Arguments
{
    /// <summary>
    /// <c>127.0.0.1:3000</c>, <c>[::1]:3000</c>, <c>localhost:3000</c>, or <c>*:3000</c> for every address. A port alone is refused: some programs
    /// take it for every address, and others for the machine's own.
    /// </summary>
    /// <exception cref="UsageException">It is none of these.</exception>
    public static IPEndPoint ReadEndPoint(ParseResult arguments, Option<string> option)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(option);
        var text = arguments.GetValue(option)!;
        var colon = text.LastIndexOf(':');
        var host = colon < 0 ? text : text[..colon];
        if (host.Length == 0 || (colon < 0 && text.All(char.IsAsciiDigit)))
        {
            var number = text.TrimStart(':');
            throw new UsageException($"{option.Name} '{text}' names no address: write 127.0.0.1:{number} for this machine alone, or [::]:{number} for every address");
        }

        if (colon >= 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            var address = host switch
            {
                "*" => IPAddress.IPv6Any,
                "localhost" => IPAddress.Loopback,

                // .NET reads 1.2.3 as 1.2.0.3, and numbers of other bases, too.
                _ => IPAddress.TryParse(host, out var parsed) && (parsed.AddressFamily == AddressFamily.InterNetworkV6 || parsed.ToString() == host) ? parsed : null,
            };
            if (address is not null)
            {
                return new IPEndPoint(address, port);
            }
        }

        throw new UsageException($"{option.Name} '{text}' is not IP:PORT; write for example 127.0.0.1:3000 or [::]:3000");
    }

    /// <summary>A size such as <c>64Mi</c>, in bytes.</summary>
    /// <exception cref="UsageException">It is not one.</exception>
    public static long ReadSize(ParseResult arguments, Option<string> option) =>
        ByteSize.TryParse(arguments.GetValue(option), out var bytes, out var error)
            ? bytes
            : throw new UsageException($"{option.Name}: {error}");

    /// <summary>A duration such as <c>30s</c>.</summary>
    /// <exception cref="UsageException">It is not one.</exception>
    public static TimeSpan ReadDuration(ParseResult arguments, Option<string> option) =>
        Duration.TryParse(arguments.GetValue(option), out var duration, out var error)
            ? duration
            : throw new UsageException($"{option.Name}: {error}");

    /// <summary>A number of at least 1.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="option">Names it.</param>
    /// <param name="most">The largest.</param>
    /// <exception cref="UsageException">It is less, or more.</exception>
    public static int ReadPositive(ParseResult arguments, Option<int> option, int most = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(option);
        var number = arguments.GetValue(option);
        return number >= 1 && number <= most
            ? number
            : throw new UsageException(most == int.MaxValue ? $"{option.Name} must be at least 1" : $"{option.Name} must be between 1 and {most}");
    }
}
