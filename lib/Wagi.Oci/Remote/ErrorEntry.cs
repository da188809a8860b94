namespace Wagi.Oci.Remote;

/// <summary>One entry of an <see cref="ErrorBody"/>.</summary>
internal sealed class ErrorEntry
{
    public string? Code { get; init; }

    public string? Message { get; init; }
}
