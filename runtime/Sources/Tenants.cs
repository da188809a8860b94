namespace Wagi.Runtime.Sources;

/// <summary>Whose a module is: what is cached for one tenant is not handed to another.</summary>
internal static class Tenants
{
    /// <summary>The namespace of a WagiModule's id; an id of a hand-written file has none.</summary>
    public static string Of(string id)
    {
        var slash = id.IndexOf('/');
        return slash > 0 ? id[..slash] : "";
    }
}
