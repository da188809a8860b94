// What the runtime's speed is compared with: a module in Kestrel with Wasmtime's own WASI, as its documentation shows it. No pool, no time limit, and
// of CGI only as much as the module `hello` needs. Not compiled ahead of time, for which Wasmtime's package is not made.
//
//   wasi MODULE.wasm
using System.Text;
using Microsoft.AspNetCore.Http;
using Wasmtime;

using var engine = new Engine();
using var module = Module.FromFile(engine, args[0]);
using var linker = new Linker(engine);
linker.DefineWasi();

await BareServer.RunAsync(context =>
{
    var output = Run(context.Request);
    var end = output.AsSpan().IndexOf("\n\n"u8);
    foreach (var line in Encoding.ASCII.GetString(output, 0, end).Split('\n'))
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        context.Response.Headers[line[..colon]] = line[(colon + 1)..].Trim();
    }

    var body = output.AsMemory(end + 2);
    context.Response.ContentLength = body.Length;
    return context.Response.Body.WriteAsync(body).AsTask();
});

byte[] Run(HttpRequest request)
{
    var output = new MemoryStream();
    var wasi = new WasiConfiguration()
        .WithStandardOutputCallback(data => output.Write(data))
        .WithEnvironmentVariable("REQUEST_METHOD", request.Method)
        .WithEnvironmentVariable("PATH_INFO", request.Path.Value ?? "")
        .WithEnvironmentVariable("QUERY_STRING", request.QueryString.Value ?? "")
        .WithEnvironmentVariable("SERVER_PROTOCOL", request.Protocol)
        .WithEnvironmentVariable("HTTP_HOST", request.Host.Value ?? "");
    using var store = new Store(engine);
    store.SetWasiConfiguration(wasi);
    linker.Instantiate(store, module).GetAction("_start")!();
    return output.ToArray();
}
