using System.Net;
using Wagi.Modules.Status;

namespace Wagi.EndToEnd.Samples;

/// <summary>The sample <c>subroutes</c>.</summary>
public class SubroutesSampleTests(ServedSamples samples) : SampleTests(samples)
{
    [Theory]
    [MemberData(nameof(Languages))]
    public async Task EachSubRoute_IsAnswered_ByItsFunction(string language)
    {
        var path = Path("subroutes", language);

        Assert.Equal("Try /hello and /goodbye/NAME below this path\n", await Client.GetStringAsync(path, Cancellation));
        Assert.Equal("Hello from hello()\n", await Client.GetStringAsync($"{path}/hello", Cancellation));
        Assert.Equal("Goodbye, world\n", await Client.GetStringAsync($"{path}/goodbye", Cancellation));
        Assert.Equal("Goodbye, moon\n", await Client.GetStringAsync($"{path}/goodbye/moon", Cancellation));
        using var none = await Client.GetAsync($"{path}/hello/moon", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public async Task SubRoutes_Stand_InTheStatus(string language)
    {
        var path = Path("subroutes", language);

        var module = await Samples.Runtime.ModuleAsync($"subroutes-{language}", module => module.State == ModuleState.Ready, Cancellation);

        Assert.Equal([path, $"{path}/goodbye/...", $"{path}/hello"], module.Routes.Order(StringComparer.Ordinal));
    }
}
