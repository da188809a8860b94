using Wagi.Bindle.References;

namespace Wagi.Runtime.Bindles;

/// <summary>A bindle that is served as a whole: <c>-b</c>.</summary>
/// <param name="Name">The bindle.</param>
/// <param name="Server">The server that has it.</param>
/// <param name="Directory">Absolute path of a folder of standalone bindles, which comes before the server; null: the server has it.</param>
internal sealed record ApplicationOptions(BindleName Name, Uri Server, string? Directory);
