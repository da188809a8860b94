using System.CommandLine;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Sources;

namespace Wagi.Runtime.Commands;

/// <summary>Bindles, and where they come from: WAGI's flags.</summary>
internal sealed class BindleArguments
{
    private const string UrlVariable = "BINDLE_URL";
    private const string DefaultUrl = "http://localhost:8080/v1";

    private readonly Option<string?> _bindle = new("--bindle", "-b")
    {
        Description = $"Serve a whole bindle instead of a modules.toml. It comes from --bindle-path, or else from --bindle-url ({DefaultUrl}).",
        HelpName = "NAME/VERSION",
    };

    private readonly Option<string?> _path = new("--bindle-path")
    {
        Description = "Folder of standalone bindles that -b is looked for in.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _url = new("--bindle-url")
    {
        Description = $"URL of the Bindle server for -b, and for modules 'bindle:NAME' that do not name one, with its version: {DefaultUrl}. [env: {UrlVariable}]",
        HelpName = "URL",
    };

    private readonly Option<string?> _user = new("--bindle-http-user")
    {
        Description = "User name for the Bindle server of --bindle-url (HTTP Basic). [env: BINDLE_HTTP_USER]",
        HelpName = "NAME",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("BINDLE_HTTP_USER"),
    };

    private readonly Option<string?> _password = new("--bindle-http-password")
    {
        Description = "Password for it; other users of the machine see a command line, and not the variable. [env: BINDLE_HTTP_PASSWORD]",
        HelpName = "PASSWORD",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("BINDLE_HTTP_PASSWORD"),
    };

    private readonly Option<bool> _insecure = new("--bindle-insecure", "-k")
    {
        Description = "Believe any certificate of a Bindle server: for tests. For an authority of your own there is --ca-file.",
    };

    /// <summary>The options of a command that serves.</summary>
    public IEnumerable<Option> Options => [_bindle, _path, .. ServerOptions];

    /// <summary>The options of a command that reads a modules.toml and nothing else.</summary>
    public IEnumerable<Option> ServerOptions => [_url, _user, _password, _insecure];

    /// <summary>Whether certificates of Bindle servers are not checked.</summary>
    public bool IsInsecure(ParseResult arguments) => arguments.GetValue(_insecure);

    /// <summary>Who asks the server of <see cref="ReadServer"/>, which is the default one if none is named; null: nobody in particular.</summary>
    /// <exception cref="UsageException">There is a password and no name, or a name that cannot be sent.</exception>
    public BindleCredentials? ReadCredentials(ParseResult arguments)
    {
        var (user, password) = (arguments.GetValue(_user) ?? "", arguments.GetValue(_password) ?? "");
        return (user, password) switch
        {
            ("", "") => null,
            ("", _) => throw new UsageException($"{_password.Name} needs {_user.Name}"),
            _ when user.Contains(':', StringComparison.Ordinal) => throw new UsageException($"{_user.Name}: a user name has no colon (RFC 7617)"),
            _ => new BindleCredentials(ReadServer(arguments) ?? new Uri(DefaultUrl), user, password),
        };
    }

    /// <summary>The server for modules that do not name one; null: there is none.</summary>
    /// <exception cref="UsageException">It is not a URL.</exception>
    public Uri? ReadServer(ParseResult arguments)
    {
        var (name, text) = arguments.GetValue(_url) is { } flag
            ? (_url.Name, flag)
            : (UrlVariable, Environment.GetEnvironmentVariable(UrlVariable) ?? "");
        return text.Length == 0
            ? null
            : BindleClient.ParseServer(text) ?? throw new UsageException($"{name}: '{text}' is not a URL such as {DefaultUrl}");
    }

    /// <summary>The bindle to serve; null: none.</summary>
    /// <exception cref="UsageException">The arguments contradict each other, or one is wrong.</exception>
    public ApplicationOptions? ReadApplication(ParseResult arguments)
    {
        var directory = arguments.GetValue(_path);
        if (arguments.GetValue(_bindle) is not { } text)
        {
            return directory is null
                ? null
                : throw new UsageException("--bindle-path needs -b NAME/VERSION: which of the bindles in that folder is to be served");
        }

        if (!BindleName.TryParse(text, out var name, out var error))
        {
            throw new UsageException($"-b: {error}");
        }

        // The environment variable may be there for other uses; what is on the command line is meant.
        if (directory is not null && arguments.GetValue(_url) is not null)
        {
            throw new UsageException("--bindle-path and --bindle-url are alternatives: the bindle comes from a folder or from a server");
        }

        return new ApplicationOptions(
            name, ReadServer(arguments) ?? new Uri(DefaultUrl), directory is null ? null : Path.GetFullPath(directory));
    }
}
