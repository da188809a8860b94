using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Wagi.Modules.Problems;

namespace Wagi.Hosting.CommandLine;

/// <summary>Runs a program's commands. A mistake on the command line gets one line of explanation instead of the whole help.</summary>
public static class CommandLineProgram
{
    /// <summary>What begins with an at sign is a value like any other, and not a file with more arguments.</summary>
    internal static readonly ParserConfiguration Syntax = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs the command that the arguments name.</summary>
    /// <param name="root">The program's commands.</param>
    /// <param name="arguments">The arguments.</param>
    /// <param name="configuration">How to run it, and where output goes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The exit code: see <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(
        RootCommand root, string[] arguments, InvocationConfiguration configuration, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(configuration);
        var parsed = root.Parse(arguments, Syntax);
        if (parsed.Action is not ParseErrorAction && (parsed.Action != parsed.CommandResult.Command.Action || UnknownOption(parsed) is null))
        {
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }

        foreach (var message in Messages(parsed))
        {
            await configuration.Error.WriteLineAsync($"{ExitCodes.Program}: {message} (see '{NameOf(parsed)} --help')");
        }

        return ExitCodes.Usage;
    }

    private static IEnumerable<string> Messages(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;

        var unknown = UnknownOption(parsed) ?? (parsed.UnmatchedTokens.Count == 0 ? null : parsed.UnmatchedTokens[0]);
        if (unknown is null)
        {
            return parsed.Errors.Select(Describe).Distinct();
        }

        // What follows the first unknown word is seldom worth mentioning.
        var isOption = unknown.StartsWith('-');
        var known = isOption ? OptionsOf(parsed) : command.Subcommands.Where(other => !other.Hidden).SelectMany(Names);
        var nearest = NearestName.Of(unknown, known);
        var what = isOption ? "an option" : command.Subcommands.Count > 0 ? "a command" : "expected here";
        return [$"'{unknown}' is not {what}{(nearest is null ? Takes(command) : $"; did you mean '{nearest}'?")}"];
    }

    /// <summary>The parser's own messages take several lines, leave out which option is meant, or name a type of .NET.</summary>
    private static string Describe(ParseError error)
    {
        var message = error.Message.TrimEnd('.');
        if ((error.SymbolResult as OptionResult ?? error.SymbolResult?.Parent as OptionResult) is not { Tokens: [.., var last] } result)
        {
            return message;
        }

        var option = result.Option;
        if (message.Contains('\n', StringComparison.Ordinal))
        {
            string[] values = [.. option.GetCompletions(CompletionContext.Empty).Select(value => value.Label)];
            var wrong = result.Tokens.FirstOrDefault(token => !values.Contains(token.Value, StringComparer.OrdinalIgnoreCase)) ?? last;
            return $"{option.Name} '{wrong.Value}' must be {string.Join(", ", values[..^1])} or {values[^1]}";
        }

        return option.ValueType == typeof(int) ? $"{option.Name} '{last.Value}' is not a whole number, or too large" : message;
    }

    /// <summary>An option that the command does not have counts as one of its arguments; what follows <c>--</c> is meant to be one.</summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        var meant = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        return parsed.CommandResult.Command.Arguments
            .SelectMany(argument => parsed.GetResult(argument)?.Tokens ?? [])
            .SkipLast(meant)
            .Select(token => token.Value)
            .FirstOrDefault(value => value.StartsWith('-') && value.Length > 1);
    }

    private static string Takes(Command command) => command.Arguments.Count == 0
        ? ""
        : $": {command.Name} takes {string.Join(' ', command.Arguments.Select(argument => argument.HelpName ?? argument.Name))}";

    private static IEnumerable<string> OptionsOf(ParseResult parsed) =>
        parsed.CommandResult.Command.Options.SelectMany(option => option.Aliases.Prepend(option.Name));

    private static IEnumerable<string> Names(Command command) => command.Aliases.Prepend(command.Name);

    private static string NameOf(ParseResult parsed) =>
        ReferenceEquals(parsed.CommandResult.Command, parsed.RootCommandResult.Command)
            ? ExitCodes.Program
            : $"{ExitCodes.Program} {parsed.CommandResult.Command.Name}";
}
