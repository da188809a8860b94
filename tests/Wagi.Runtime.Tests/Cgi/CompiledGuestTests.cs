using System.ComponentModel;
using System.Diagnostics;
using Wagi.Runtime.Tests.Harness;
using Wagi.TestCluster.Processes;

namespace Wagi.Runtime.Tests.Cgi;

/// <summary>Guests made by a real toolchain: clang with wasi-libc, where it is installed.</summary>
public class CompiledGuestTests
{
    [Fact]
    public async Task C_Handler_SeesTheRequest_AndAnswersIt()
    {
        var wasm = await CompileAsync("""
            #include <stdio.h>
            #include <stdlib.h>
            #include <unistd.h>
            int main(int argc, char **argv) {
                printf("content-type: text/plain\n\n%s %s %s %d\n", getenv("REQUEST_METHOD"), argv[0], argv[argc - 1], isatty(1));
                int c;
                while ((c = getchar()) != EOF) putchar(c);
                fprintf(stderr, "read it all\n");
                usleep(1000);
                return 0;
            }
            """);
        var engine = SharedEngine.Instance;
        await using var host = await HandlerHost.StartAsync(engine.Load(engine.Compile(wasm)));
        var sent = new string('x', 100_000);

        using var response = await host.Client.PostAsync("/path?a=1&b=2", new StringContent(sent));

        Assert.Equal($"POST /path b=2 0\n{sent}", await response.Content.ReadAsStringAsync());
        Assert.Contains(host.Log.Lines, line => line.EndsWith("stderr: read it all", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("return 3;", "exit code 3")]
    [InlineData("abort();", "wasm trap: wasm `unreachable` instruction executed")]
    [InlineData("*(volatile int *)0xffffff00 = 1;", "out of bounds memory access")]
    public async Task C_Handler_ThatFails_IsLogged(string statement, string reason)
    {
        var wasm = await CompileAsync($"#include <stdlib.h>\nint main(void) {{ {statement} return 0; }}");
        var engine = SharedEngine.Instance;
        await using var host = await HandlerHost.StartAsync(engine.Load(engine.Compile(wasm)));

        using var response = await host.Client.GetAsync("/");

        Assert.Equal(500, (int)response.StatusCode);
        Assert.Contains(host.Log.Lines, line => line.Contains(reason, StringComparison.Ordinal));
    }

    private static async Task<byte[]> CompileAsync(string source)
    {
        var folder = Directory.CreateTempSubdirectory("c-guest-");
        try
        {
            var (input, output) = (Path.Combine(folder.FullName, "guest.c"), Path.Combine(folder.FullName, "guest.wasm"));
            await File.WriteAllTextAsync(input, source);
            using var clang = Start("clang", "--target=wasm32-wasi", "--sysroot=/usr", "-O1", "-o", output, input);
            var messages = await clang.StandardError.ReadToEndAsync();
            await clang.WaitForExitAsync();
            Assert.SkipWhen(clang.ExitCode != 0, $"clang cannot compile for wasm32-wasi here (wants lld, wasi-libc, libclang-rt-*-dev-wasm32): {messages}");
            return await File.ReadAllBytesAsync(output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Process Start(string program, params string[] arguments)
    {
        try
        {
            return ChildProcess.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{program} is not installed");
            throw;
        }
    }
}
