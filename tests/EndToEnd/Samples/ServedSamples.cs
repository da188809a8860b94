using System.Text;
using Wagi.Modules.Status;
using Wagi.TestCluster;
using Wagi.TestCluster.Azure;
using Wagi.TestCluster.Http;
using Wagi.TestCluster.Product;

namespace Wagi.EndToEnd.Samples;

/// <summary>
/// One <c>wagi serve</c> with every sample that is built, each at <c>/NAME/LANGUAGE</c>, and the servers that their requests may go to.
/// Those for Azure are served once more at <c>/NAME-wrong-key/LANGUAGE</c>.
/// </summary>
public sealed class ServedSamples : IAsyncLifetime
{
    private const string Preinitialized = "-preinitialized";

    // Compiling all of them takes 20 s on two idle cores.
    private static readonly TimeSpan LoadDeadline = TimeSpan.FromMinutes(5);

    private const string Environment = "environment = { GREETING = \"Grüß dich\", REQUEST_METHOD = \"EVIL\" }";

    private static readonly string[] Languages = ["c", "rust", "go", "assemblyscript", "zig", "wat"];

    private readonly TempDirectory _directory = new("samples");
    private RuntimeProcess? _runtime;
    private TargetServer? _target;

    /// <summary>The languages of <c>primes</c>, in each of which it can be initialized when it is compiled.</summary>
    public static string[] LanguagesOfPrimes => ["c", "rust", "assemblyscript"];

    /// <summary>The server that <c>fetch</c> may reach: it answers 203 with method, query and body of the request.</summary>
    public TargetServer Target => _target!;

    /// <summary>The storage account of <c>azure-blob</c>; null when this machine has no Azurite.</summary>
    public AzuriteServer? Storage { get; private set; }

    /// <summary>The account of <c>azure-cosmos</c>.</summary>
    public CosmosProtocolServer Cosmos { get; private set; } = null!;

    /// <summary>The topic of <c>azure-eventgrid</c>.</summary>
    public EventGridProtocolServer Topic { get; private set; } = null!;

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

    /// <summary>As <see cref="Require"/>, of a sample that was initialized when it was compiled.</summary>
    public string RequirePreinitialized(string sample, string language)
    {
        _ = Require(sample, language);
        return $"/{sample}{Preinitialized}/{language}";
    }

    /// <summary>That the sample at a path was initialized when it was compiled, as its configuration asks for, and nothing kept it from it.</summary>
    public async Task AssertPreinitializedAsync(string path, CancellationToken cancellation)
    {
        var id = path[1..].Replace('/', '-');
        var status = await Runtime.StatusAsync(cancellation);

        var module = Assert.Single(status.Modules, module => module.Id == id);
        Assert.Equal(("", true), (module.Message, module.Preinitialized));
    }

    public async ValueTask InitializeAsync()
    {
        if (TestTools.WhyNoProcess is not null || !File.Exists(Checkout.Wagi))
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
        Cosmos = await CosmosProtocolServer.StartAsync(cancellation);
        Topic = await EventGridProtocolServer.StartAsync(cancellation);
        if (TestTools.WhyMissing(AzuriteServer.Program) is null)
        {
            Storage = await AzuriteServer.StartAsync(cancellation);
        }

        var configuration = _directory.Write("modules.toml", Configuration());
        _runtime = await RuntimeProcess.StartAsync(configuration, _directory.PathOf("cache"), secrets: null, cancellation);
        await Eventually.Becomes(
            async token => (await _runtime.StatusAsync(token)).Modules,
            modules => modules.All(module => module.State != ModuleState.Loading),
            LoadDeadline,
            cancellation);
    }

    /// <summary>The folder that a language's <c>files</c> sees as <c>/data</c>.</summary>
    public string VolumeOf(string language) => _directory.PathOf($"files-{language}");

    private string Configuration()
    {
        var toml = new StringBuilder();
        foreach (var language in Languages)
        {
            Add(toml, "hello", language, "");
            Add(toml, "echo", language, "");
            Add(toml, "env", language, "", Environment);
            // Go and AssemblyScript export functions from a reactor, which has no _start.
            Add(toml, "subroutes", language, "", language is "go" or "assemblyscript" ? "entrypoint = \"main_page\"" : "");
            Add(toml, "events", language, "", "timeout = \"20m\"");
            AddFiles(toml, language);
            Add(toml, "fetch", language, "", $"allowed_hosts = [\"{Target.Origin}\"]");
        }

        Add(toml, "router", "go", "/...", $"entrypoint = \"wagi_serve\"\n{Environment}");
        Add(toml, "router", "go", "/...", $"entrypoint = \"wagi_serve\"\npreinitialize = \"with-random\"\n{Environment}", Preinitialized);
        foreach (var language in LanguagesOfPrimes)
        {
            var entrypoint = language == "assemblyscript" ? "entrypoint = \"main_page\"\n" : "";
            Add(toml, "primes", language, "", entrypoint);
            Add(toml, "primes", language, "", $"{entrypoint}preinitialize = true", Preinitialized);
        }

        _directory.Write("site/index.html", "<h1>hello</h1>");
        _directory.Write("site/a.css", "body{}");
        _directory.Write("site/a.css.gz", "packed");
        Add(toml, "site", "c", "/...", "files = [{ reference = \"site\", path = \"/site\" }]");

        // The programs of c and rust as components.
        Add(toml, "hello", "rust-component", "");
        AddFiles(toml, "rust-component");
        foreach (var component in (string[])["c-component", "rust-wasip2"])
        {
            Add(toml, "hello", component, "");
            Add(toml, "echo", component, "");
            Add(toml, "env", component, "", Environment);
            Add(toml, "events", component, "", "timeout = \"20m\"");
            AddFiles(toml, component);
        }

        // Components for wasi:http.
        Add(toml, "hello", "http", "");
        Add(toml, "echo", "http", "");
        Add(toml, "hello", "wasip2", "");
        foreach (var language in (string[])["javascript", "wasip2"])
        {
            Add(toml, "handler", language, "/...", $"allowed_hosts = [\"{Target.Origin}\"]");
        }

        foreach (var variant in (string[])["c-opt", "c-wizer", "c-wizer-opt"])
        {
            Add(toml, "primes", variant, "");
        }

        AddAzure(toml, "", Storage?.Key, Cosmos.Key, Topic.Key);
        var wrong = AzuriteServer.NewKey();
        AddAzure(toml, "-wrong-key", wrong, wrong, wrong);
        return toml.ToString();
    }

    private void AddFiles(StringBuilder toml, string language)
    {
        Directory.CreateDirectory(VolumeOf(language));
        Add(toml, "files", language, "/...", $"volumes = {{ \"/data\" = \"files-{language}\" }}");
    }

    private void AddAzure(StringBuilder toml, string suffix, string? storageKey, string cosmosKey, string topicKey)
    {
        if (Storage is not null)
        {
            Add(
                toml, "azure-blob", "go", "/...",
                $$"""
                allowed_hosts = ["{{Storage.Origin}}"]
                environment = { AZURE_STORAGE_ACCOUNT = "{{AzuriteServer.Account}}", AZURE_STORAGE_URL = "{{Storage.BlobEndpoint}}", AZURE_STORAGE_KEY = "{{storageKey}}" }
                """,
                suffix);
        }

        Add(
            toml, "azure-cosmos", "go", "/...",
            $$"""
            allowed_hosts = ["{{Cosmos.Origin}}"]
            [module.environment]
            AZURE_COSMOS_URL = "{{Cosmos.Origin}}"
            AZURE_COSMOS_DATABASE = "{{CosmosProtocolServer.Database}}"
            AZURE_COSMOS_CONTAINER = "{{CosmosProtocolServer.Container}}"
            AZURE_COSMOS_KEY = "{{cosmosKey}}"
            """,
            suffix);
        Add(
            toml, "azure-eventgrid", "go", "",
            $$"""
            allowed_hosts = ["{{Topic.Origin}}"]
            environment = { AZURE_EVENTGRID_URL = "{{Topic.Endpoint}}", AZURE_EVENTGRID_KEY = "{{topicKey}}" }
            """,
            suffix);
    }

    private static void Add(StringBuilder toml, string sample, string language, string below, string more = "", string suffix = "")
    {
        if (Checkout.Sample($"{sample}-{language}") is { } file)
        {
            toml.Append(
                $"[[module]]\nid = \"{sample}{suffix}-{language}\"\nroute = \"/{sample}{suffix}/{language}{below}\"\nmodule = \"{file}\"\n{more}\n");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_runtime is not null)
        {
            await _runtime.DisposeAsync();
        }

        if (Storage is not null)
        {
            await Storage.DisposeAsync();
        }

        if (_target is not null)
        {
            await _target.DisposeAsync();
            await Cosmos.DisposeAsync();
            await Topic.DisposeAsync();
        }

        _directory.Dispose();
    }
}
