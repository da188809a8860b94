using Wagi.Operator.Planning;

namespace Wagi.Operator.ApiServer;

/// <summary>What an informer must know of an object, whatever its kind.</summary>
/// <param name="Key">Namespace and name.</param>
/// <param name="ResourceVersion">Opaque; two equal ones mean the same content.</param>
internal readonly record struct ObjectIdentity(ObjectKey Key, string ResourceVersion);
