namespace Wagi.Hosting.CommandLine;

/// <summary>What a shell runs to complete a program's command lines: it asks the program itself (<c>complete LINE</c>).</summary>
internal static class CompletionScript
{
    /// <summary>The shells that there is a script for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>The script; null for any other shell.</summary>
    public static string? Of(string shell, string program) => shell switch
    {
        "bash" => Bash(program),
        "zsh" => Zsh(program),
        "fish" => Fish(program),
        _ => null,
    };

    /// <summary>A name that a shell takes for a function.</summary>
    private static string Function(string program) => "_" + program.Replace('-', '_');

    /// <summary>Readline takes the part after an equals sign for the word, unless it is told otherwise.</summary>
    private static string Bash(string program) =>
        $$"""
        # {{program}}: completion for bash, 3.2 and later. Now: source <({{program}} completion bash)
        # For every shell: {{program}} completion bash > ~/.local/share/bash-completion/completions/{{program}}
        {{Function(program)}}() {
            local candidate line=${COMP_LINE:0:COMP_POINT} option= IFS=$'\n'
            COMPREPLY=()
            [[ $COMP_WORDBREAKS == *=* && ${line##* } == --*=* ]] && option=${line##* } option=${option%%=*}=
            for candidate in $("$1" complete -- "$line" 2>/dev/null); do
                candidate=${candidate%%$'\t'*}
                COMPREPLY+=("${candidate#"$option"}")
            done
        }
        complete -o bashdefault -o default -F {{Function(program)}} {{program}}

        """;

    private static string Zsh(string program) =>
        $$$"""
        #compdef {{{program}}}
        # {{{program}}}: completion for zsh. Now: source <({{{program}}} completion zsh)
        # For every shell, in a folder of $fpath: {{{program}}} completion zsh > "${fpath[1]}/_{{{program}}}"
        {{{Function(program)}}}() {
            local candidate
            local -a candidates
            for candidate in ${(f)"$("${words[1]}" complete -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)"}; do
                candidates+=("${${candidate%%$'\t'*}//:/\\:}:${${candidate#*$'\t'}:#${candidate}}")
            done
            if (( $#candidates )); then
                _describe '{{{program}}}' candidates
            else
                [[ $PREFIX != --*=* ]] || compset -P '*='
                _files
            fi
        }
        if [[ ${funcstack[1]} == _{{{program}}} ]]; then
            {{{Function(program)}}} "$@"
        else
            compdef {{{Function(program)}}} {{{program}}}
        fi

        """;

    private static string Fish(string program) =>
        $$"""
        # {{program}}: completion for fish. Now: {{program}} completion fish | source
        # For every shell: {{program}} completion fish > ~/.config/fish/completions/{{program}}.fish
        function _{{Function(program)}}
            set --local words (commandline --tokenize --current-process)
            set --local candidates ($words[1] complete -- (commandline --cut-at-cursor --current-process | string join ' ') 2>/dev/null)
            if set --query candidates[1]
                printf '%s\n' $candidates
            else
                __fish_complete_path (commandline --current-token)
            end
        end
        complete --command {{program}} --no-files --arguments '(_{{Function(program)}})'

        """;
}
