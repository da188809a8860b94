using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Wagi.Hosting.Logging;
using Wagi.Hosting.Telemetry;
using Wagi.Modules.Network;
using Wagi.Operator.LeaderElection;
using Wagi.Operator.Planning;
using Wagi.Operator.Reconciling;
using Wagi.Operator.Runtimes;
using Wagi.Operator.Tags;

namespace Wagi.Operator.Instance;

/// <summary>What an operator is told at its start.</summary>
internal sealed record OperatorOptions
{
    /// <summary>Namespace of the operator, the runtimes and what is generated for them. It must exist.</summary>
    public required string Namespace { get; init; }

    /// <summary>The one namespace whose WagiModules are served; null: those of all.</summary>
    public string? WatchNamespace { get; init; }

    /// <summary>The WagiClass that is served; null: the WagiModules that have no class.</summary>
    public string? Class { get; init; }

    /// <summary>The manifest of <see cref="Class"/>, which is applied at the start; null: somebody else makes it.</summary>
    public JsonObject? ClassManifest { get; init; }

    /// <summary>Name of the generated ConfigMap.</summary>
    public string ConfigMap { get; init; } = "wagi-modules";

    /// <summary>Name of the generated Secret.</summary>
    public string Secret { get; init; } = "wagi-modules";

    /// <summary>The admin addresses of the runtimes; empty: they are found as pods.</summary>
    public ImmutableArray<Uri> Runtimes { get; init; } = [];

    /// <summary>Labels of the runtime pods.</summary>
    public string RuntimeSelector { get; init; } = "app.kubernetes.io/name=wagi-operator,app.kubernetes.io/component=runtime";

    /// <summary>Admin port of the runtime pods.</summary>
    public int RuntimeAdminPort { get; init; } = 8081;

    /// <summary>How often runtimes are asked.</summary>
    public RuntimePace RuntimePace { get; init; } = new();

    /// <summary>How often registries are asked.</summary>
    public ResolverOptions Tags { get; init; } = new();

    /// <summary>Registries that are spoken to over plain HTTP.</summary>
    public IReadOnlyCollection<string> InsecureRegistries { get; init; } = [];

    /// <summary>Whom registries are trusted for beside the system's authorities; null: nobody.</summary>
    public CertificateTrust? Trust { get; init; }

    /// <summary>Which addresses registries are asked at.</summary>
    public AddressRules Pulls { get; init; } = new();

    /// <summary>How much may be written for the runtimes.</summary>
    public WriteBudgetOptions Writes { get; init; } = new();

    /// <summary>What the plan is told.</summary>
    public PlanSettings Plan { get; init; } = new();

    /// <summary>Name of this instance in the Lease and in events.</summary>
    public string Identity { get; init; } = $"{Environment.MachineName}_{Guid.NewGuid():N}";

    /// <summary>The election among several instances; null: this is the only one.</summary>
    public LeaderElectionOptions? LeaderElection { get; init; }

    /// <summary>Where <c>/healthz</c> and <c>/metrics</c> are served; port 0: any free one.</summary>
    public IPEndPoint Health { get; init; } = new(IPAddress.Loopback, 8082);

    /// <summary>Where spans and metrics are sent to.</summary>
    public OtlpExport Export { get; init; } = OtlpExport.None;

    /// <summary>How it logs.</summary>
    public LogOptions Log { get; init; } = new();
}
