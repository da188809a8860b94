namespace Wagi.Runtime.Interop;

/// <summary>What an engine is made with.</summary>
internal readonly record struct EngineSettings(
    uint MaxInstances, nuint MaxTableElements, nuint StackSize, nuint KeepResident);
