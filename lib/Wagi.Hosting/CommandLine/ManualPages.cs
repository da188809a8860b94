using System.CommandLine;
using System.Globalization;
using System.Text;
using Wagi.Hosting.Versions;

namespace Wagi.Hosting.CommandLine;

/// <summary>The manual pages of a program (man(7), section 1), one for each command, from what the commands say of themselves.</summary>
/// <param name="program">The program's name, as it is installed.</param>
public sealed class ManualPages(string program)
{
    private static readonly string Version = ProgramVersion.Text ?? "";

    private readonly Argument<DirectoryInfo> _directory = new("DIR") { Description = "Folder to write them to; it is made when it is missing." };

    /// <summary>Adds the hidden command <c>man DIR</c>, which writes them.</summary>
    public void AddTo(RootCommand root)
    {
        ArgumentNullException.ThrowIfNull(root);
        var command = new Command("man", "Write the manual pages of all commands.") { Hidden = true };
        command.Arguments.Add(_directory);
        command.SetAction((arguments, cancellationToken) => WriteAsync(root, arguments, cancellationToken));
        root.Subcommands.Add(command);
    }

    private async Task<int> WriteAsync(RootCommand root, ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            var directory = arguments.GetRequiredValue(_directory);
            directory.Create();
            foreach (var command in root.Subcommands.Where(command => !command.Hidden).Prepend(root))
            {
                await File.WriteAllTextAsync(Path.Combine(directory.FullName, $"{PageOf(root, command)}.1"), Page(root, command), cancellationToken);
            }

            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return await ExitCodes.FailAsync(arguments, exception.Message);
        }
    }

    private string PageOf(RootCommand root, Command command) => command == root ? program : $"{program}-{command.Name}";

    /// <summary>The page of one command.</summary>
    public string Page(RootCommand root, Command command)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(command);
        var name = PageOf(root, command);
        var commands = command.Subcommands.Where(subcommand => !subcommand.Hidden).ToList();
        var description = command.Description ?? "";
        var summary = Descriptions.FirstSentence(description);
        var page = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $".TH {Escape(name.ToUpperInvariant())} 1 \"\" \"{Escape($"{program} {Version}")}\" \"WagiOperator\"\n")
            .Append(CultureInfo.InvariantCulture, $".SH NAME\n{Escape(name)} \\- {Escape(summary)}\n")
            .Append(".SH SYNOPSIS\n").Append(Synopsis(root, command, commands.Count > 0));
        if (description.TrimEnd('.') != summary)
        {
            page.Append(".SH DESCRIPTION\n").AppendJoin(".PP\n", description.Split("\n\n").Select(Paragraph));
        }

        Section(page, "COMMANDS", commands.Select(subcommand => (Bold(subcommand.Name), Descriptions.FirstSentence(subcommand.Description ?? "") + ".")));
        Section(page, "ARGUMENTS", command.Arguments.Where(argument => !argument.Hidden).Select(argument => (Italic(NameOf(argument)), argument.Description ?? "")));
        Section(page, "OPTIONS", command.Options.Where(option => !option.Hidden).Select(option => (Flags(option), Described(option))));
        page.Append(".SH EXIT STATUS\n0 done, 1 it failed, 2 the command line is wrong, unless the description says otherwise; the reason is on standard error.\n");
        var others = command == root ? commands.Select(subcommand => $"{program}-{subcommand.Name}") : [program];
        page.Append(".SH SEE ALSO\n").AppendJoin(",\n", others.Order(StringComparer.Ordinal).Select(other => $"{Bold(other)}(1)")).Append('\n');
        return page.ToString();
    }

    private string Synopsis(RootCommand root, Command command, bool hasCommands)
    {
        var words = command.Arguments.Where(argument => !argument.Hidden).Select(Usage)
            .Append($"[{Italic("options")}]")
            .Prepend(Bold(command == root ? program : $"{program} {command.Name}"));
        var own = string.Join(' ', words) + "\n";
        return hasCommands ? $"{Bold(program)} {Italic("COMMAND")} [{Italic("options")}]\n.br\n{own}" : own;
    }

    private static void Section(StringBuilder page, string title, IEnumerable<(string Tag, string Text)> entries)
    {
        var begun = false;
        foreach (var (tag, text) in entries)
        {
            page.Append(begun ? "" : $".SH {title}\n").Append(CultureInfo.InvariantCulture, $".TP\n{tag}\n{Paragraph(text)}");
            begun = true;
        }
    }

    /// <summary>What is indented stays as it is: examples.</summary>
    private static string Paragraph(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        return lines.Any(line => line.StartsWith("  ", StringComparison.Ordinal))
            ? $".nf\n{string.Join('\n', lines.Select(Escape))}\n.fi\n"
            : $"{string.Join('\n', lines.Select(Escape))}\n";
    }

    private static string Usage(Argument argument)
    {
        var name = Italic(NameOf(argument)) + (argument.Arity.MaximumNumberOfValues > 1 ? " ..." : "");
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
    }

    private static string NameOf(Argument argument) => argument.HelpName ?? argument.Name;

    private static string Flags(Option option)
    {
        var names = option.Aliases.Append(option.Name).Where(name => name.StartsWith('-')).Distinct().OrderBy(name => name.Length).Select(Bold);
        return string.Join(", ", names) + (option.HelpName is { } value ? $" {Italic(value)}" : "");
    }

    private static string Described(Option option)
    {
        var text = option.Description ?? "";
        if (option.Required)
        {
            text += " Required.";
        }

        return option.HasDefaultValue && option.ValueType != typeof(bool) && Convert.ToString(option.GetDefaultValue(), CultureInfo.InvariantCulture) is { Length: > 0 } value
            ? $"{text} Default: {value}."
            : text;
    }

    private static string Bold(string text) => $"\\fB{Escape(text)}\\fR";

    private static string Italic(string text) => $"\\fI{Escape(text)}\\fR";

    /// <summary>Hyphens that can be copied, and no line that begins as a request does (groff(7)).</summary>
    private static string Escape(string text)
    {
        var escaped = text.Replace("\\", "\\e", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("\"", "\\(dq", StringComparison.Ordinal);
        return escaped.StartsWith('.') || escaped.StartsWith('\'') ? "\\&" + escaped : escaped;
    }
}
