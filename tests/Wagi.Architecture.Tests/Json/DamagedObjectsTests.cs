using System.Text.Json;
using Wagi.Kubernetes.Resources;
using Wagi.Modules.Status;
using Wagi.Operator.Planning;

namespace Wagi.Architecture.Tests.Json;

/// <summary>Whatever a WagiModule or a runtime's status lacks: the plan is made, and every WagiModule has its verdict.</summary>
public sealed class DamagedObjectsTests
{
    private static readonly JsonDocumentType Modules = JsonDocumentType.All.Single(type => type.Type == typeof(WagiModule));
    private static readonly JsonDocumentType Statuses = JsonDocumentType.All.Single(type => type.Type == typeof(RuntimeStatus));

    [Fact]
    public void EveryDamagedWagiModule_HasAVerdict()
    {
        var damaged = Read<WagiModule>(Modules);
        Assert.True(damaged.Count > 50, $"{damaged.Count} documents");

        Assert.All(damaged, module => Assert.Single(Plan(module.Value, null).Verdicts));
    }

    [Fact]
    public void EveryDamagedStatus_IsReported()
    {
        var module = new WagiModule
        {
            Metadata = new() { Name = "a", NamespaceProperty = "default" },
            Spec = new() { Route = "/a", Module = $"r.example/a@sha256:{new string('a', 64)}" },
        };
        var damaged = Read<RuntimeStatus>(Statuses);
        Assert.True(damaged.Count > 10, $"{damaged.Count} documents");

        Assert.All(damaged, status => Assert.Single(Plan(module, status.Value).Verdicts));
    }

    private static Plan Plan(WagiModule module, RuntimeStatus? status) => Planner.Plan(new PlanInput
    {
        Modules = [module],
        Runtimes = status is null ? [] : [new RuntimeReport("runtime", status)],
        Now = DateTimeOffset.UnixEpoch,
    });

    private static List<(string Place, T Value)> Read<T>(JsonDocumentType type)
    {
        var read = new List<(string, T)>();
        foreach (var (place, json) in SampleDocument.Damaged(SampleDocument.Full(type.TypeInfo)))
        {
            try
            {
                if (type.Read(json) is T value) read.Add((place, value));
            }
            catch (JsonException)
            {
                // Refused, which is right as well.
            }
        }

        return read;
    }
}
