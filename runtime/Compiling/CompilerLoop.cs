using System.Runtime.Versioning;
using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Modules.Status;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Compiling;

/// <summary>The compiler's side of <see cref="CompilerMessage"/>: one module after the other, each with a time of its own.</summary>
/// <param name="engine">Compiles.</param>
/// <param name="limits">What a compilation may take.</param>
[SupportedOSPlatform("linux")]
internal sealed class CompilerLoop(GuestEngine engine, CompilerLimits limits)
{
    /// <summary>Compiles what comes until nothing more does, or as much processor time is used up as one module may take.</summary>
    /// <param name="modules">Where modules come from.</param>
    /// <param name="answers">Where the answers go.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="IOException">What it reads from, or writes to, has broken off.</exception>
    public async Task RunAsync(Stream modules, Stream answers, CancellationToken cancellationToken)
    {
        while (await CompilerMessage.ReadAsync(modules, cancellationToken) is { } request)
        {
            Confinement.LimitTime(Environment.CpuUsage.TotalTime + limits.Time, 2 * limits.Time);
            var wasm = new byte[request.Length];
            await modules.ReadExactlyAsync(wasm, cancellationToken);
            var (answer, content) = Compile(wasm, (Preinitialization)request.Kind);
            await CompilerMessage.WriteAsync(answers, (byte)answer, content, cancellationToken);
            if (Environment.CpuUsage.TotalTime >= limits.Time)
            {
                return;
            }
        }
    }

    private (CompilerAnswer Answer, byte[] Content) Compile(byte[] wasm, Preinitialization preinitialization)
    {
        try
        {
            return (CompilerAnswer.Compiled, engine.Compile(wasm, preinitialization));
        }
        catch (GuestLoadException exception)
        {
            return (exception.Reason == ModuleReason.NotWasm ? CompilerAnswer.NotWasm : CompilerAnswer.Refused, Encoding.UTF8.GetBytes(exception.Message));
        }
    }
}
