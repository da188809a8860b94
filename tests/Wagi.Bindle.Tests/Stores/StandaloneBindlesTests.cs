using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;
using Wagi.Bindle.Stores;
using Wagi.TestCluster;
using Wagi.TestCluster.Bindle;

namespace Wagi.Bindle.Tests.Stores;

public sealed class StandaloneBindlesTests : IDisposable
{
    private readonly TempDirectory _directory = new("standalone");
    private readonly TestBindle _bindle = new TestBindle("example.com/hello").AddModule("hello.wasm", "hello", "route = \"/\"");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private BindleName Name => BindleName.TryParse(_bindle.Name, out var name, out var error) ? name : throw new FormatException(error);

    private StandaloneBindles Store => new(_directory.FullPath);

    private async Task<byte[]> ReadParcelAsync()
    {
        using var buffer = new MemoryStream();
        await Store.ReadParcelAsync(Name, InvoiceReader.Read(_bindle.Invoice, "x").Parcels[0].Label, buffer, Cancellation);
        return buffer.ToArray();
    }

    [Fact]
    public async Task InvoiceAndParcels_AreReadFromTheirFolders()
    {
        _bindle.WriteTo(_directory.FullPath);
        Assert.Equal(_bindle.Invoice, await Store.ReadInvoiceAsync(Name, Cancellation));
        Assert.Equal("hello"u8.ToArray(), await ReadParcelAsync());
    }

    [Fact]
    public async Task WhatIsMissing_IsNamedByItsPath()
    {
        var noBindle = await Assert.ThrowsAsync<BindleException>(() => Store.ReadInvoiceAsync(Name, Cancellation));
        Assert.Equal(BindleErrorKind.NotFound, noBindle.Kind);
        Assert.Equal(
            $"bindle {_bindle.Name}: there is no file '{_directory.FullPath}/{Name.StandaloneFolder}/invoice.toml', "
            + $"whose folder is named after the SHA-256 of '{_bindle.Name}'",
            noBindle.Message);

        var noFolder = await Assert.ThrowsAsync<BindleException>(
            () => new StandaloneBindles("/no/such/folder").ReadInvoiceAsync(Name, Cancellation));
        Assert.Equal($"bindle {_bindle.Name}: there is no folder '/no/such/folder'", noFolder.Message);

        var noParcel = await Assert.ThrowsAsync<BindleException>(ReadParcelAsync);
        Assert.Equal(BindleErrorKind.NotFound, noParcel.Kind);
        Assert.StartsWith($"parcel 'hello.wasm' of bindle {_bindle.Name}: there is no file '{_directory.FullPath}", noParcel.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ParcelWithOtherBytes_IsAMismatch()
    {
        var folder = _bindle.WriteTo(_directory.FullPath);
        var file = Directory.GetFiles(Path.Combine(folder, "parcels")).Single();
        await File.WriteAllTextAsync(file, "hullo", Cancellation);
        var error = await Assert.ThrowsAsync<BindleException>(ReadParcelAsync);
        Assert.Equal(BindleErrorKind.HashMismatch, error.Kind);
        Assert.Contains($"file '{file}': its SHA-256 is", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
