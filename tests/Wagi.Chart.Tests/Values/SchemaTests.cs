using Wagi.Chart.Tests.Helm;

namespace Wagi.Chart.Tests.Values;

public sealed class SchemaTests
{
    public static TheoryData<string, string, string> WrongValues => new(
        from helm in WagiChart.Helms
        from wrong in new (string Value, string Named)[]
        {
            ("runtime.replcias=3", "replcias"),
            ("oprator.replicas=2", "oprator"),
            ("runtime.image.repo=x", "repo"),
            ("runtime.cache.type=nfs", "type"),
            ("runtime.cache.hostPath.path=relative", "path"),
            ("operator.replicas=3", "replicas"),
            ("operator.image.digest=sha256:abc", "digest"),
            ("runtime.kind=StatefulSet", "kind"),
            ("runtime.timeout=soon", "timeout"),
            ("runtime.memoryLimit=64MB", "memoryLimit"),
            ("runtime.bindleUrl=bindle.example.com", "bindleUrl"),
            ("runtime.service.port=http", "port"),
            ("crds.keep=perhaps", "keep"),
            ("log.level=Chatty", "level"),
            ("metrics.serviceMonitor.enable=true", "enable"),
        }
        select (helm, wrong.Value, wrong.Named));

    [Theory]
    [MemberData(nameof(WrongValues))]
    public async Task WrongValue_IsRefused_ByItsName(string helm, string value, string named)
    {
        var result = await WagiChart.RenderWithAsync(helm, value);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Matches($@"(?m)^- .*\b{named}\b", result.Stderr);
    }

    [Theory]
    [InlineData("runtime.kind=DaemonSet;runtime.autoscaling.enabled=true", "a DaemonSet has one pod on every node and cannot be scaled; set runtime.kind to Deployment")]
    [InlineData("runtime.autoscaling.enabled=true;runtime.autoscaling.cpuUtilization=null", "set runtime.autoscaling.cpuUtilization or runtime.autoscaling.requestsRunning")]
    [InlineData("httpRoute.enabled=true", "set httpRoute.parentRefs to the Gateway")]
    public async Task ValuesThatContradictEachOther_AreRefused_WithAWayOut(string values, string message)
    {
        var result = await WagiChart.RenderAsync(values.Split(';'));

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(message, result.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("helm")]
    [InlineData("helm3")]
    public async Task Lint_FindsNothing(string helm)
    {
        var result = await WagiChart.RunAsync(helm, "lint", "--strict", WagiChart.Folder);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.DoesNotContain("[WARNING]", result.Stdout, StringComparison.Ordinal);
    }
}
