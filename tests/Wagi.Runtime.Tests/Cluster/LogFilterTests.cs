using Wagi.Runtime.Cluster;

namespace Wagi.Runtime.Tests.Cluster;

public sealed class LogFilterTests
{
    [Theory]
    [InlineData("2026-11-29T08:30:00.000Z info  AccessLog: default/hello 0HN:1 GET /hello 200", true)]
    [InlineData("""{"State":{"Module":"default/hello","Request":"0HN:1"}}""", true)]
    [InlineData("module default/hello.", true)]
    [InlineData("default/hello-2 and then default/hello", true)]
    [InlineData("default/hello-2 trapped", false)]
    [InlineData("default/hello.v2 trapped", false)]
    [InlineData("my-default/hello trapped", false)]
    [InlineData("oci://ghcr.io/default/hello:v1", false)]
    public void Line_ConcernsTheModuleWhoseIdItNames_AndNoOther(string line, bool concerns) => Assert.Equal(concerns, LogFilter.Concerns(line, "default/hello"));
}
