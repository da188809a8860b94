using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// The argument list of a request. Without a template: the path, then the query split at <c>&amp;</c>. With one (WAGI's
/// <c>argv</c>): its words, with <c>${SCRIPT_NAME}</c> and <c>${ARGS}</c> replaced; nothing is percent-decoded.
/// </summary>
internal sealed class ArgumentTemplate
{
    private const string ScriptName = "${SCRIPT_NAME}";
    private const string Args = "${ARGS}";

    private readonly string[]? _words;

    public ArgumentTemplate(string? template) =>
        _words = template?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    public void Write(StringBlock arguments, ReadOnlySpan<char> path, ReadOnlySpan<char> scriptName, ReadOnlySpan<char> query)
    {
        if (_words is null)
        {
            arguments.Add(path);
            WriteQuery(arguments, default, query, default);
            return;
        }

        foreach (var word in _words)
        {
            var text = word.Contains(ScriptName, StringComparison.Ordinal)
                ? word.Replace(ScriptName, scriptName.ToString(), StringComparison.Ordinal)
                : word;
            var args = text.IndexOf(Args, StringComparison.Ordinal);
            if (args < 0)
            {
                arguments.Add(text);
            }
            else
            {
                WriteQuery(arguments, text.AsSpan(0, args), query, text.AsSpan(args + Args.Length));
            }
        }
    }

    private static void WriteQuery(
        StringBlock arguments, ReadOnlySpan<char> before, ReadOnlySpan<char> query, ReadOnlySpan<char> after)
    {
        if (query.IsEmpty)
        {
            if (!before.IsEmpty || !after.IsEmpty)
            {
                arguments.Begin().Append(before).Append(after).End();
            }

            return;
        }

        while (true)
        {
            arguments.Begin().Append(before);
            before = default;
            var ampersand = query.IndexOf('&');
            if (ampersand < 0)
            {
                arguments.Append(query).Append(after).End();
                return;
            }

            arguments.Append(query[..ampersand]).End();
            query = query[(ampersand + 1)..];
        }
    }
}
