using System.CommandLine;

namespace Wagi.Hosting.CommandLine;

/// <summary>
/// <c>completion SHELL</c>, which prints a script for a shell, and the hidden <c>complete LINE</c>, which the scripts ask for what may come next.
/// </summary>
/// <param name="program">The program's name, as it is installed.</param>
public sealed class CompletionCommands(string program)
{
    private readonly Argument<string> _shell = new("SHELL") { Description = $"One of {string.Join(", ", CompletionScript.Shells)}.", HelpName = "SHELL" };

    private readonly Argument<string> _line = new("LINE") { Description = "The command line up to the cursor." };

    /// <summary>Adds both to a program's commands.</summary>
    public void AddTo(RootCommand root)
    {
        ArgumentNullException.ThrowIfNull(root);
        _shell.CompletionSources.Add([.. CompletionScript.Shells]);
        var completion = new Command("completion", $"Print the script that completes command lines of {program} in a shell: source <({program} completion bash)");
        completion.Arguments.Add(_shell);
        completion.SetAction(PrintScriptAsync);
        root.Subcommands.Add(completion);

        var complete = new Command("complete", "Print what may come next on a command line, each with its description after a tab.") { Hidden = true };
        complete.Arguments.Add(_line);
        complete.SetAction(arguments => PrintCandidates(root, arguments));
        root.Subcommands.Add(complete);
    }

    private async Task<int> PrintScriptAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var shell = arguments.GetRequiredValue(_shell);
        if (CompletionScript.Of(shell, program) is not { } script)
        {
            return await ExitCodes.UsageAsync(arguments, new UsageException($"there is no completion for '{shell}', but for {string.Join(", ", CompletionScript.Shells)}"));
        }

        await arguments.InvocationConfiguration.Output.WriteAsync(script.AsMemory(), cancellationToken);
        return ExitCodes.Success;
    }

    private int PrintCandidates(RootCommand root, ParseResult arguments)
    {
        var output = arguments.InvocationConfiguration.Output;
        foreach (var (text, description) in Candidates(root, arguments.GetRequiredValue(_line)))
        {
            output.WriteLine(description.Length == 0 ? text : $"{text}\t{description}");
        }

        return ExitCodes.Success;
    }

    /// <summary>Options for a word that begins as one, else commands and values: where there is none, the shells offer files.</summary>
    private static IEnumerable<(string Text, string Description)> Candidates(RootCommand root, string line)
    {
        // The program may have been called by any path; what is parsed begins with the name that the parser knows.
        var typed = line.TrimStart();
        var rest = typed.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var space ? typed[space..] : " ";
        var text = root.Name + rest;
        var word = rest[(rest.LastIndexOf(' ') + 1)..];
        if (word.StartsWith("--", StringComparison.Ordinal) && word.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
        {
            // As if the value stood by itself; a shell wants the whole word.
            var option = word[..(equals + 1)];
            return Candidates(root, $"{typed[..^word.Length]}{option[..^1]} {word[(equals + 1)..]}").Select(item => (option + item.Text, item.Description));
        }

        // The slash begins the other names of --help, which are those of another system.
        return root.Parse(text, CommandLineProgram.Syntax).GetCompletions(text.Length)
            .Where(item => item.Label.StartsWith(word, StringComparison.Ordinal) && item.Label.StartsWith('-') == word.StartsWith('-') && !item.Label.StartsWith('/'))
            .Select(item => (item.Label, Descriptions.FirstSentence(item.Detail ?? "")));
    }
}
