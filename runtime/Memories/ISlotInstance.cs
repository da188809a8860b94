namespace Wagi.Runtime.Memories;

/// <summary>An instance that is kept with its memory. Disposing it gives the memory back.</summary>
internal interface ISlotInstance : IDisposable
{
    /// <summary>The memory has become smaller again, which the instance has to take notice of.</summary>
    /// <param name="size">Bytes that it has now.</param>
    /// <returns>False: it has not.</returns>
    bool TryShrink(nuint size);
}
