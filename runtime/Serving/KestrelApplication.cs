using System.Net;
using System.Net.Security;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Wagi.Runtime.Tls;

namespace Wagi.Runtime.Serving;

/// <summary>What the main and the admin port have in common.</summary>
internal static class KestrelApplication
{
    /// <summary>A builder for an application on one address, with the program's log and without its own handling of signals.</summary>
    /// <param name="address">The address.</param>
    /// <param name="loggers">The program's log.</param>
    /// <param name="certificate">For HTTPS, with HTTP/1.1 and HTTP/2; null: plain HTTP.</param>
    public static WebApplicationBuilder CreateBuilder(
        IPEndPoint address, ILoggerFactory loggers, ServerCertificate? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear(); // Flags alone decide, not a stray appsettings.json.
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // What a guest writes into a header reaches the client byte by byte; the default would refuse all but ASCII.
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.Listen(address, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(Secure(certificate)) });
                }
            });
        });
        return builder;
    }

    private static SslServerAuthenticationOptions Secure(ServerCertificate certificate) => new()
    {
        ServerCertificateContext = certificate.Current,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
    };

    /// <summary>The caller starts and stops the application, and it alone listens to signals.</summary>
    private sealed class CallerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
