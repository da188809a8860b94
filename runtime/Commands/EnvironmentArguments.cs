using System.CommandLine;
using Wagi.Hosting.CommandLine;

namespace Wagi.Runtime.Commands;

/// <summary>Environment variables from <c>--env-file</c> and <c>-e</c>.</summary>
internal sealed class EnvironmentArguments
{
    private readonly Option<string[]> _variables;
    private readonly Option<string[]> _files;

    /// <param name="description">What the variables are for.</param>
    /// <param name="severalAtOnce">Whether several may follow one <c>-e</c>, as in WAGI; not where an argument could be meant.</param>
    public EnvironmentArguments(string description, bool severalAtOnce = false)
    {
        _variables = new Option<string[]>("--env", "-e")
        {
            Description = description,
            HelpName = "KEY=VALUE",
            AllowMultipleArgumentsPerToken = severalAtOnce,
        };
        _files = new Option<string[]>("--env-file")
        {
            Description = "File with one KEY=VALUE a line; may be repeated.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = severalAtOnce,
        };
    }

    /// <summary>The options, to be added to a command.</summary>
    public IEnumerable<Option> Options => [_variables, _files];

    /// <summary>What the arguments say.</summary>
    /// <exception cref="UsageException">A line is not KEY=VALUE, or a file cannot be read.</exception>
    public IReadOnlyDictionary<string, string> Read(ParseResult arguments) =>
        Read(arguments.GetValue(_files) ?? [], arguments.GetValue(_variables) ?? []);

    /// <summary>Files in their order, then single variables; what comes later wins. Empty lines and lines with <c>#</c> are skipped.</summary>
    /// <remarks>In a file, spaces around <c>=</c> are not part of the value: WAGI's documentation writes them.</remarks>
    /// <exception cref="UsageException">A line is not KEY=VALUE, or a file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Read(IEnumerable<string> files, IEnumerable<string> variables)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var file in files)
        {
            var number = 0;
            foreach (var line in ReadLines(file))
            {
                number++;
                if (line.Trim() is { Length: > 0 } text && text[0] != '#')
                {
                    var equals = text.IndexOf('=');
                    Add(environment, equals < 0 ? text : text[..(equals + 1)] + text[(equals + 1)..].TrimStart(), $"{file}:{number}");
                }
            }
        }

        foreach (var variable in variables)
        {
            Add(environment, variable, "--env");
        }

        return environment;
    }

    private static string[] ReadLines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--env-file '{file}' cannot be read: {exception.Message}");
        }
    }

    private static void Add(Dictionary<string, string> environment, string text, string where)
    {
        var equals = text.IndexOf('=');
        if (equals <= 0)
        {
            // Only the part that is no value: it may be a secret.
            throw new UsageException($"{where}: an environment variable is written KEY=VALUE");
        }

        environment[text[..equals].TrimEnd()] = Unquote(text[(equals + 1)..]);
    }

    /// <summary>As in WAGI: quotes around the whole value are not part of it, nor are spaces around the quotes.</summary>
    private static string Unquote(string value)
    {
        var trimmed = value.Trim();
        return trimmed is ['"', .. var inDoubleQuotes, '"'] ? inDoubleQuotes
            : trimmed is ['\'', .. var inSingleQuotes, '\''] ? inSingleQuotes
            : value;
    }
}
