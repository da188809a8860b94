using System.CommandLine;
using Wagi.Hosting.CommandLine;
using Wagi.Runtime.Commands;
using Wagi.TestCluster;

namespace Wagi.Runtime.Tests.Commands;

/// <summary>A folder with files, and <c>wagi</c> run on them with a cache of its own.</summary>
internal sealed class CommandFolder : IDisposable
{
    private readonly TempDirectory _temporary = new("commands");

    public string Cache => _temporary.PathOf("cache");

    public string PathOf(string name) => _temporary.PathOf(name);

    public string Write(string name, string content) => _temporary.Write(name, content);

    public static Task<CommandOutcome> RunAsync(params string[] arguments) =>
        RunAsync(new StandardStreams(Stream.Null, Stream.Null, Stream.Null), arguments);

    public static async Task<CommandOutcome> RunAsync(StandardStreams streams, string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var configuration = new InvocationConfiguration { Output = output, Error = error, ProcessTerminationTimeout = null };
        var code = await CommandLineProgram.RunAsync(
            RootCommandFactory.Create(streams), arguments, configuration, TestContext.Current.CancellationToken);
        return new CommandOutcome(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command that takes <c>--module-cache</c>.</summary>
    public Task<CommandOutcome> RunCachedAsync(params string[] arguments) => RunAsync([.. arguments, "--module-cache", Cache]);

    public void Dispose() => _temporary.Dispose();
}

/// <summary>What a command ended with and printed.</summary>
internal sealed record CommandOutcome(int Code, string Output, string Error);
