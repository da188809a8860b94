// What the runtime's speed is compared with: a module in Kestrel with Wasmtime's own WASI, as its documentation shows it. No pool, no time limit, and
// of CGI only as much as `hello`, `echo`, `json` and `compute` need. Not compiled ahead of time, for which Wasmtime's package is not made.
//
//   wasi MODULE.wasm
using System.Text;
using Microsoft.AspNetCore.Http;
using Wasmtime;

using var engine = new Engine();
using var module = Module.FromFile(engine, args[0]);
using var linker = new Linker(engine);
linker.DefineWasi();

await BareServer.RunAsync(async context =>
{
    // Wasmtime's package can give a guest no other stdin than a file: in memory, so that no disk is waited for.
    var body = context.Request.ContentLength > 0 ? $"/dev/shm/wagi-bench-{Guid.NewGuid():N}" : null;
    if (body is not null)
    {
        await using var file = File.Create(body);
        await context.Request.Body.CopyToAsync(file);
    }

    var output = Run(context.Request, body);
    if (body is not null)
    {
        File.Delete(body);
    }

    var end = output.AsSpan().IndexOf("\n\n"u8);
    foreach (var line in Encoding.ASCII.GetString(output, 0, end).Split('\n'))
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        context.Response.Headers[line[..colon]] = line[(colon + 1)..].Trim();
    }

    var answer = output.AsMemory(end + 2);
    context.Response.ContentLength = answer.Length;
    await context.Response.Body.WriteAsync(answer);
});

byte[] Run(HttpRequest request, string? body)
{
    var output = new MemoryStream();
    var wasi = new WasiConfiguration()
        .WithStandardOutputCallback(data => output.Write(data))
        .WithEnvironmentVariable("REQUEST_METHOD", request.Method)
        .WithEnvironmentVariable("PATH_INFO", request.Path.Value ?? "")
        .WithEnvironmentVariable("QUERY_STRING", request.QueryString.Value?.TrimStart('?') ?? "")
        .WithEnvironmentVariable("CONTENT_TYPE", request.ContentType ?? "")
        .WithEnvironmentVariable("CONTENT_LENGTH", $"{request.ContentLength}")
        .WithEnvironmentVariable("SERVER_PROTOCOL", request.Protocol)
        .WithEnvironmentVariable("HTTP_HOST", request.Host.Value ?? "");
    wasi = body is null ? wasi : wasi.WithStandardInput(body);
    using var store = new Store(engine);
    store.SetWasiConfiguration(wasi);
    linker.Instantiate(store, module).GetAction("_start")!();
    return output.ToArray();
}
