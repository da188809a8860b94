namespace Wagi.Oci.Tests.Registries;

/// <summary>A request that a <see cref="StandInServer"/> got.</summary>
internal sealed record SeenRequest(string Method, string Path, string Query, string Authorization);
