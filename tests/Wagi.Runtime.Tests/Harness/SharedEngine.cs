using Wagi.Runtime.Guests;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>The engine of all tests that need nothing special of it: one per process, as in the product.</summary>
internal static class SharedEngine
{
    public static GuestEngine Instance { get; } = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 64, ModuleShare = 100 });

    public static Guest Load(string wat) => Instance.Load(Instance.Compile(System.Text.Encoding.UTF8.GetBytes(wat)));
}
