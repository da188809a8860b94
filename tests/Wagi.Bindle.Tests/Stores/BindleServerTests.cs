using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.Modules.Network;
using Wagi.TestCluster.Bindle;

namespace Wagi.Bindle.Tests.Stores;

/// <summary>Against a server that implements the published protocol.</summary>
public sealed class BindleServerTests : IDisposable
{
    private readonly BindleClient _client = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static BindleName Name(string text) => BindleName.TryParse(text, out var name, out var error) ? name : throw new FormatException(error);

    private static TestBindle Hello() => new TestBindle("example.com/hello").AddModule("hello.wasm", "hello", "route = \"/\"");

    private static Label LabelOf(TestBindle bindle) => InvoiceReader.Read(bindle.Invoice, "x").Parcels[0].Label;

    private static async Task<BindleException> FailsAsync(Func<Task> action, BindleErrorKind kind)
    {
        var error = await Assert.ThrowsAsync<BindleException>(action);
        Assert.Equal(kind, error.Kind);
        return error;
    }

    private IBindleStore At(string url) => _client.Server(BindleClient.ParseServer(url)!);

    private Task<byte[]> ReadParcelAsync(string url, TestBindle bindle) => ReadParcelAsync(At(url), bindle);

    private static async Task<byte[]> ReadParcelAsync(IBindleStore store, TestBindle bindle)
    {
        using var buffer = new MemoryStream();
        await store.ReadParcelAsync(Name(bindle.Name), LabelOf(bindle), buffer, Cancellation);
        return buffer.ToArray();
    }

    [Theory]
    [InlineData("example.com/hello", "1.0.0")]
    [InlineData("käse/a_b", "1.0.0-beta.1+build.5")]
    public async Task InvoiceAndParcels_AreFetched_ByTheNameOfTheBindle(string name, string version)
    {
        var bindle = new TestBindle(name, version).AddModule("hello.wasm", "hello", "route = \"/\"");
        await using var server = await BindleProtocolServer.StartAsync(bindle);
        Assert.Equal(bindle.Invoice, await At(server.Url).ReadInvoiceAsync(Name(bindle.Name), Cancellation));
        Assert.Equal("hello", Encoding.UTF8.GetString(await ReadParcelAsync(server.Url + "/", bindle)));
        Assert.Equal([bindle.Name, $"{bindle.Name}@{TestBindle.Sha256("hello"u8.ToArray())}"], server.Requests);
    }

    [Fact]
    public async Task MissingBindle_IsNotFound_AndAnAddressWithoutVersionIsHinted()
    {
        await using var server = await BindleProtocolServer.StartAsync();
        var missing = await FailsAsync(() => At(server.Url).ReadInvoiceAsync(Name("example.com/no/1.0.0"), Cancellation), BindleErrorKind.NotFound);
        Assert.Equal($"bindle example.com/no/1.0.0: {server.Url} does not have it (bindle not found)", missing.Message);

        var root = await FailsAsync(
            () => At(server.Url[..^3]).ReadInvoiceAsync(Name("example.com/no/1.0.0"), Cancellation), BindleErrorKind.NotFound);
        Assert.EndsWith("(no such endpoint); the server's URL usually ends in /v1", root.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task YankedBindle_IsRefused_WithTheServersReason()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        server.Yanked[Hello().Name] = true;
        var error = await FailsAsync(() => At(server.Url).ReadInvoiceAsync(Name(Hello().Name), Cancellation), BindleErrorKind.Refused);
        Assert.Equal($"bindle {Hello().Name}: {server.Url} refuses it with status 403 (bindle is yanked)", error.Message);
    }

    [Fact]
    public async Task MissingParcel_IsNotFound_AndOneWithOtherBytesIsAMismatch()
    {
        var bindle = Hello();
        var label = LabelOf(bindle);
        await using var server = await BindleProtocolServer.StartAsync(bindle);
        bindle.Parcels[label.Sha256] = "hullo"u8.ToArray();
        var wrong = await FailsAsync(() => ReadParcelAsync(server.Url, bindle), BindleErrorKind.HashMismatch);
        Assert.Equal(
            $"parcel 'hello.wasm' of bindle {bindle.Name}, from {server.Url}: its SHA-256 is {TestBindle.Sha256("hullo"u8.ToArray())}, "
            + $"and the invoice says {label.Sha256}",
            wrong.Message);

        bindle.Parcels.Clear();
        var missing = await FailsAsync(() => ReadParcelAsync(server.Url, bindle), BindleErrorKind.NotFound);
        Assert.Equal($"parcel 'hello.wasm' of bindle {bindle.Name}: {server.Url} does not have it (parcel not found)", missing.Message);
    }

    [Fact]
    public async Task ServerThatIsGone_BreaksOff_OrFails_IsTold()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        server.Instead = async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("half", Cancellation);
            await context.Response.Body.FlushAsync(Cancellation);
            context.Abort();
        };
        await FailsAsync(() => ReadParcelAsync(server.Url, Hello()), BindleErrorKind.Unreachable);

        server.Instead = context =>
        {
            context.Response.StatusCode = 500;
            return context.Response.WriteAsync("<html>oops</html>", Cancellation);
        };
        var failure = await FailsAsync(() => ReadParcelAsync(server.Url, Hello()), BindleErrorKind.ServerFailure);
        Assert.EndsWith($"{server.Url} answered with status 500", failure.Message, StringComparison.Ordinal);

        var url = server.Url;
        await server.StopAsync();
        var gone = await FailsAsync(() => ReadParcelAsync(url, Hello()), BindleErrorKind.Unreachable);
        Assert.Contains($"{url} cannot be reached: ", gone.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SilentServer_IsGivenUp()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        server.Instead = async context =>
        {
            await context.Response.WriteAsync("bindleVersion", Cancellation);
            await context.Response.Body.FlushAsync(Cancellation);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        using var impatient = new BindleClient(TimeSpan.FromMilliseconds(200));
        var error = await FailsAsync(
            () => impatient.Server(new Uri(server.Url)).ReadInvoiceAsync(Name(Hello().Name), Cancellation), BindleErrorKind.Unreachable);
        Assert.Contains("said nothing for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeniedAddress_IsNotReached_ByRedirectEither()
    {
        await using var inside = await BindleProtocolServer.StartAsync(Hello());
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        server.Instead = context =>
        {
            context.Response.Redirect($"http://127.0.0.2:{new Uri(inside.Url).Port}/v1{context.Request.Path}");
            return Task.CompletedTask;
        };
        using var guarded = new BindleClient(guard: new AddressGuard(new AddressRules { DeniedNetworks = [IPNetwork.Parse("127.0.0.2/32")] }));
        foreach (var url in new[] { server.Url, $"http://127.0.0.2:{new Uri(inside.Url).Port}/v1", "http://169.254.169.254/v1" })
        {
            var error = await FailsAsync(
                () => guarded.Server(new Uri(url)).ReadInvoiceAsync(Name(Hello().Name), Cancellation), BindleErrorKind.Denied);
            Assert.Contains("is denied", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EndlessInvoice_IsRefused()
    {
        await using var server = await BindleProtocolServer.StartAsync(Hello());
        server.Instead = async context =>
        {
            var chunk = new byte[1 << 20];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
        };
        var error = await FailsAsync(() => At(server.Url).ReadInvoiceAsync(Name(Hello().Name), Cancellation), BindleErrorKind.InvalidInvoice);
        Assert.Contains("is larger than 4 MiB", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://localhost:8080/v1", true)]
    [InlineData("https://bindle.example.com/v1/", true)]
    [InlineData("bindle.example.com/v1", false)]
    [InlineData("ftp://bindle.example.com/v1", false)]
    [InlineData("http://localhost/v1?x=y", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void ServerUrl_IsHttpWithoutAQuery(string? text, bool isOne) => Assert.Equal(isOne, BindleClient.ParseServer(text) is not null);

    public void Dispose() => _client.Dispose();
}
