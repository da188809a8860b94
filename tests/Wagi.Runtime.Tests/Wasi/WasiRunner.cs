using System.Text;
using Wagi.Runtime.Sandbox;
using Wagi.Runtime.Tests.Sandbox;
using Wasmtime;
using Guest = Wagi.Runtime.Sandbox.Guest;

namespace Wagi.Runtime.Tests.Wasi;

/// <summary>Runs a guest with this project's WASI and with Wasmtime's own.</summary>
internal static class WasiRunner
{
    private static readonly Engine Engine = new();

    public static WasiResult RunOwn(string wat, TimeSpan? timeout = null)
    {
        using var guest = SharedEngine.Load(wat);
        guest.Check(null);
        var stdout = new CapturedOutput(1 << 20);
        var stderr = new CapturedOutput(1 << 20);
        var process = new GuestProcess
        {
            Stdin = Encoding.UTF8.GetBytes(WasiCase.Stdin),
            Stdout = stdout,
            Stderr = stderr,
            Timeout = timeout ?? TimeSpan.FromSeconds(20),
        };
        foreach (var argument in WasiCase.Arguments)
        {
            process.Arguments.Add(argument);
        }

        foreach (var (name, value) in WasiCase.Environment)
        {
            process.Environment.Add($"{name}={value}");
        }

        var result = guest.Run(process);
        var end = result.Outcome switch
        {
            GuestOutcome.Completed => "exit 0",
            GuestOutcome.Failed => $"exit {result.ExitCode}",
            GuestOutcome.Trapped => "trap",
            _ => result.ToString(),
        };
        return new WasiResult(end, Encoding.Latin1.GetString(stdout.Bytes), Convert.ToHexString(stderr.Bytes));
    }

    public static WasiResult RunWasmtime(string wat)
    {
        var folder = Directory.CreateTempSubdirectory("wasi-");
        try
        {
            var (stdin, stdout, stderr) =
                (Path.Combine(folder.FullName, "in"), Path.Combine(folder.FullName, "out"), Path.Combine(folder.FullName, "err"));
            File.WriteAllText(stdin, WasiCase.Stdin);
            using var module = Wasmtime.Module.FromText(Engine, "case", wat);
            using var linker = new Linker(Engine);
            linker.DefineWasi();
            string end;
            using (var store = new Store(Engine))
            {
                var configuration = new WasiConfiguration()
                    .WithArgs(WasiCase.Arguments)
                    .WithEnvironmentVariables(WasiCase.Environment)
                    .WithStandardInput(stdin)
                    .WithStandardOutput(stdout)
                    .WithStandardError(stderr);
                store.SetWasiConfiguration(configuration);
                end = End(() => linker.Instantiate(store, module).GetAction("_start")!());
            }

            return new WasiResult(
                end, Encoding.Latin1.GetString(File.ReadAllBytes(stdout)), Convert.ToHexString(File.ReadAllBytes(stderr)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string End(Action run)
    {
        try
        {
            run();
            return "exit 0";
        }
        catch (WasmtimeException exception)
        {
            return exception.ExitCode is { } code ? $"exit {code}" : "trap";
        }
    }
}
