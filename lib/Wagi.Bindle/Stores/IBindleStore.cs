using Wagi.Bindle.Errors;
using Wagi.Bindle.Invoices;
using Wagi.Bindle.References;

namespace Wagi.Bindle.Stores;

/// <summary>Where bindles are kept: a server, or a folder of standalone bindles.</summary>
public interface IBindleStore
{
    /// <summary>What it is called in messages: a URL or a path.</summary>
    string Location { get; }

    /// <summary>The invoice of a bindle as it was written.</summary>
    /// <exception cref="BindleException">It cannot be had.</exception>
    Task<string> ReadInvoiceAsync(BindleName name, CancellationToken cancellation);

    /// <summary>Writes the bytes of a parcel to <paramref name="destination"/>; they are to be used only when the task has come to its end.</summary>
    /// <param name="name">A bindle that the parcel belongs to.</param>
    /// <param name="parcel">The label of the parcel.</param>
    /// <param name="destination">Where they go; stays open.</param>
    /// <param name="cancellation">Stops the transfer.</param>
    /// <exception cref="BindleException">
    /// They cannot be had, or are not those whose SHA-256 the label says: what was written is to be thrown away.
    /// </exception>
    Task ReadParcelAsync(BindleName name, Label parcel, Stream destination, CancellationToken cancellation);
}
