// What the runtime's speed is compared with: Kestrel alone, compiled in the same way, answering the same text.
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var text = "Hello, world (version 1)\n"u8.ToArray();
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(IPAddress.Loopback, 0);
});
var application = builder.Build();
application.Run(context =>
{
    context.Response.ContentType = "text/plain";
    context.Response.ContentLength = text.Length;
    return context.Response.Body.WriteAsync(text, 0, text.Length);
});
await application.StartAsync();
Console.WriteLine(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
await application.WaitForShutdownAsync();
