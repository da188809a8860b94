using System.CommandLine;
using Wagi.Hosting.CommandLine;

namespace Wagi.Runtime.Commands;

/// <summary>The command line of <c>wagi</c>.</summary>
internal static class RootCommandFactory
{
    private const string Program = "wagi";

    /// <summary>The root: a command for each thing to do, and without a command the same as <c>serve</c>.</summary>
    /// <param name="streams">What a module that is run reads and writes; null: those of this process.</param>
    public static RootCommand Create(StandardStreams? streams = null)
    {
        var root = new RootCommand(
            """
            Runs WebAssembly HTTP handlers (WAGI): a fresh sandbox for every request.

            Examples:
              wagi new rust hello                                      begin a project
              wagi dev hello                                           build and serve it, again whenever it changes
              wagi serve                                               serve modules.toml on 127.0.0.1:3000
              wagi serve hello.wasm                                    serve one module, on every path
              wagi check                                               find what is wrong before it is served
              wagi routes                                              which module answers what
              wagi run hello.wasm --path '/?name=value'                one request, answered here in the terminal
              wagi compile hello.wasm -o hello.cwasm                   native code, for a quick start
              wagi push hello.wasm ghcr.io/me/hello:v1                 publish a module
              wagi deploy hello.wasm ghcr.io/me/hello:v1 --route /hi   serve it in a cluster
              wagi pull ghcr.io/me/hello:v1 -o hello.wasm              fetch it again
              wagi import spin.toml > modules.toml                     serve what was written for Spin
            """);
        var serve = new ServeCommand();
        serve.AddTo(root);
        root.Subcommands.Add(serve.Create());
        root.Subcommands.Add(new NewCommand().Create());
        root.Subcommands.Add(new DevCommand().Create());
        root.Subcommands.Add(new CheckCommand().Create());
        root.Subcommands.Add(new RoutesCommand().Create());
        root.Subcommands.Add(new RunCommand(streams ?? StandardStreams.OfProcess()).Create());
        root.Subcommands.Add(new CompileCommand().Create());
        root.Subcommands.Add(new PushCommand().Create());
        root.Subcommands.Add(new DeployCommand().Create());
        root.Subcommands.Add(new PullCommand().Create());
        root.Subcommands.Add(new ImportCommand().Create());
        root.Subcommands.Add(new CompilerCommand().Create());
        root.Subcommands.Add(new PrepareCacheCommand().Create());
        new CompletionCommands(Program).AddTo(root);
        new ManualPages(Program).AddTo(root);
        return root;
    }
}
