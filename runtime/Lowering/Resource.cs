namespace Wagi.Runtime.Wasip2;

/// <summary>Something of the host that a component has a handle to.</summary>
internal abstract class Resource;

/// <summary>A resource that a component can drop a handle to, and never gets one.</summary>
internal sealed class NeverHandedOut : Resource;
