using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Wasi;
using Wasmtime;
using Guest = Wagi.Runtime.Guests.Guest;

namespace Wagi.Runtime.Tests.Wasi;

/// <summary>Runs a guest as the product does, without volumes and with, and with Wasmtime's own WASI alone.</summary>
internal static class WasiRunner
{
    private static readonly Engine Engine = new();

    /// <summary>The path of modules without volumes.</summary>
    public static WasiResult RunOwn(string wat, TimeSpan? timeout = null) => Run(wat, timeout, files: null);

    /// <summary>The path of modules with volumes, with none mounted.</summary>
    public static WasiResult RunWithFiles(string wat) => Run(wat, timeout: null, new GuestFiles(SharedEngine.Instance, []));

    private static WasiResult Run(string wat, TimeSpan? timeout, GuestFiles? files)
    {
        using var guest = SharedEngine.Load(wat);
        guest.Check(null, hasFiles: files is not null);
        var stdout = new CapturedOutput(1 << 20);
        var stderr = new CapturedOutput(1 << 20);
        var process = new GuestRun
        {
            Stdin = new MemoryInput(Encoding.UTF8.GetBytes(WasiCase.Stdin)),
            Stdout = stdout,
            Stderr = stderr,
            Files = files,
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
