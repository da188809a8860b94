using System.Text;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Samples;

/// <summary>
/// One <c>wagi serve</c> with every sample that is built, each at <c>/NAME/LANGUAGE</c>, and a server that their requests may go to.
/// </summary>
public sealed class ServedSamples : IAsyncLifetime
{
    // Compiling all of them takes 20 s on two idle cores.
    private static readonly TimeSpan LoadDeadline = TimeSpan.FromMinutes(5);

    private static readonly string[] Languages = ["c", "rust", "go", "assemblyscript", "zig", "wat"];

    private readonly TempDirectory _directory = new("samples");
    private RuntimeProcess? _runtime;
    private TargetServer? _target;

    /// <summary>The server that <c>fetch</c> may reach: it answers 203 with method, query and body of the request.</summary>
    public TargetServer Target => _target!;

    /// <summary>The runtime.</summary>
    public RuntimeProcess Runtime => _runtime!;

    /// <summary>The path of a sample; skips the test when it is not built.</summary>
    public string Require(string sample, string language)
    {
        Assert.SkipWhen(_runtime is null, "the programs are not published: run 'make publish'");
        var reason = Checkout.WhyNoSample($"{sample}-{language}");
        Assert.SkipWhen(reason is not null, reason ?? "");
        return $"/{sample}/{language}";
    }

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Checkout.Wagi))
        {
            return;
        }

        var cancellation = TestContext.Current.CancellationToken;
        _target = await TargetServer.StartAsync(async context =>
        {
            context.Response.StatusCode = 203;
            context.Response.ContentType = "text/x";
            var head = $"{context.Request.Method} {context.Request.QueryString} ";
            context.Response.ContentLength = head.Length + (context.Request.ContentLength ?? 0);
            await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(head), context.RequestAborted);
            await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
        });
        var configuration = _directory.Write("modules.toml", Configuration());
        _runtime = await RuntimeProcess.StartAsync(configuration, _directory.PathOf("cache"), secrets: null, cancellation);
        await Eventually.Becomes(
            async token => (await _runtime.StatusAsync(token)).Modules,
            modules => modules.All(module => module.State != ModuleState.Loading),
            LoadDeadline,
            cancellation);
    }

    private string Configuration()
    {
        var toml = new StringBuilder();
        foreach (var language in Languages)
        {
            Add(toml, "hello", language, "");
            Add(toml, "echo", language, "");
            Add(toml, "env", language, "", "environment = { GREETING = \"Grüß dich\", REQUEST_METHOD = \"EVIL\" }");
            // Go and AssemblyScript export functions from a reactor, which has no _start.
            Add(toml, "subroutes", language, "", language is "go" or "assemblyscript" ? "entrypoint = \"main_page\"" : "");
            Add(toml, "events", language, "", "timeout = \"20m\"");
            Add(toml, "fetch", language, "", $"allowed_hosts = [\"{Target.Origin}\"]");
        }

        return toml.ToString();
    }

    private static void Add(StringBuilder toml, string sample, string language, string below, string more = "")
    {
        if (Checkout.Sample($"{sample}-{language}") is { } file)
        {
            toml.Append($"[[module]]\nid = \"{sample}-{language}\"\nroute = \"/{sample}/{language}{below}\"\nmodule = \"{file}\"\n{more}\n");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_runtime is not null)
        {
            await _runtime.DisposeAsync();
        }

        if (_target is not null)
        {
            await _target.DisposeAsync();
        }

        _directory.Dispose();
    }
}
