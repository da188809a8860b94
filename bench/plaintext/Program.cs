// What the runtime's speed is compared with: Kestrel alone, compiled in the same way, answering the same text.
var text = "Hello, world (version 1)\n"u8.ToArray();
await BareServer.RunAsync(context =>
{
    context.Response.ContentType = "text/plain";
    context.Response.ContentLength = text.Length;
    return context.Response.Body.WriteAsync(text, 0, text.Length);
});
