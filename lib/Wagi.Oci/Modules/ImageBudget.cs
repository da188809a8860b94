using Wagi.Oci.Errors;

namespace Wagi.Oci.Modules;

/// <summary>How many bytes the layers of one image may still unpack to.</summary>
internal sealed class ImageBudget(long limit, string subject)
{
    private long _spent;

    /// <exception cref="OciException"><see cref="OciErrorKind.TooLarge"/> when it is used up.</exception>
    public void Spend(int count)
    {
        _spent += count;
        if (_spent > limit)
            throw new OciException(OciErrorKind.TooLarge, $"{subject}: the layers of the image unpack to more than the limit of {limit} bytes");
    }
}
