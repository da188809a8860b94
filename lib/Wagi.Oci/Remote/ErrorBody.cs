namespace Wagi.Oci.Remote;

/// <summary>The JSON body of an error answer.</summary>
internal sealed class ErrorBody
{
    public IReadOnlyList<ErrorEntry?>? Errors { get; init; }
}
