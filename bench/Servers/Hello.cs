using Wagi.Modules.Configuration;
using Wagi.TestCluster.Product;

namespace Wagi.Bench.Servers;

/// <summary>The sample <c>hello</c>, which does the same in every language.</summary>
/// <param name="Language">In words.</param>
/// <param name="Suffix">What the names of its figures have at their end: nothing in C, <c>_rust</c>.</param>
/// <param name="Sample">The sample's name.</param>
internal sealed record Hello(string Language, string Suffix, string Sample)
{
    /// <summary>The name of the figure for one request without the network.</summary>
    public string Figure { get; init; } = $"hello{Suffix}_us";

    /// <summary>The function that requests call; null: the one of a command.</summary>
    public string? Entrypoint { get; init; }

    /// <summary>Whether it is initialized when it is compiled.</summary>
    public Preinitialization Preinitialization { get; init; }

    /// <summary>Its file; null: the sample's.</summary>
    public string? File { get; init; }

    /// <summary>An origin that it may reach; null: none.</summary>
    public string? AllowedHost { get; init; }

    /// <summary>What stands behind the route in the path of a request.</summary>
    public string Below { get; init; } = "";

    /// <summary>What it is asked for until it answers: what the sample <c>events</c> is to do once; the others do not mind.</summary>
    public string FirstQuery { get; init; } = "?count=1";

    /// <summary>Where it is served, and what is asked for: <c>/hello-c</c>.</summary>
    public string Path => $"/{Sample}{Below}";

    /// <summary>In C, which is what every figure without the name of a language is about.</summary>
    public static Hello InC { get; } = new("C", "", "hello-c");

    /// <summary>In Go, initialized when it is compiled: a handler of <c>net/http</c> behind a router.</summary>
    public static Hello InPreinitializedGo { get; } = new("Go, preinitialized", "_go_preinitialized", "router-go")
    {
        Entrypoint = "wagi_serve",
        Preinitialization = Preinitialization.WithRandom,
        Below = "/hello/world",
    };

    /// <summary>In C, then in each other language for which this machine has the toolchain; what is missing is printed.</summary>
    public static IReadOnlyList<Hello> InEachLanguage()
    {
        List<Hello> all =
        [
            InC,
            new("Rust", "_rust", "hello-rust"),
            new("Zig", "_zig", "hello-zig"),
            new("AssemblyScript", "_assemblyscript", "hello-assemblyscript"),
            new("Go", "_go", "hello-go"),
            InPreinitializedGo,
            new("C, as a component", "_component", "hello-c-component") { Figure = "component_hello_us" },
            new("Rust, by its target for WASI 0.2", "_wasip2", "hello-rust-wasip2"),
            new("C, for wasi:http", "_wasi_http", "hello-http") { Figure = "wasi_http_hello_us" },
            new("Rust, for wasi:http", "_wasi_http_rust", "hello-wasip2") { Figure = "wasi_http_hello_rust_us" },
        ];
        foreach (var hello in all)
        {
            if (Checkout.WhyNoSample(hello.Sample) is { } reason)
            {
                Console.WriteLine($"skipped {hello.Sample}: {reason}");
            }
        }

        return [.. all.Where(hello => Checkout.Sample(hello.Sample) is not null)];
    }
}
