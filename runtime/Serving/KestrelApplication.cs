using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Abstractions;
using Wagi.Runtime.Tls;

namespace Wagi.Runtime.Serving;

/// <summary>What the main and the admin port have in common.</summary>
internal static class KestrelApplication
{
    /// <summary>A builder for an application on one address, with the program's log and without its own handling of signals.</summary>
    /// <param name="address">The address.</param>
    /// <param name="loggers">The program's log.</param>
    /// <param name="certificate">For HTTPS; null: plain HTTP. Either way with HTTP/1.1 and HTTP/2.</param>
    public static WebApplicationBuilder CreateBuilder(
        IPEndPoint address, ILoggerFactory loggers, ServerCertificate? certificate = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions()); // Flags alone decide, not a stray appsettings.json.
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<ILoggerFactory>(new ServerLoggers(loggers));
        builder.Services.AddSingleton<IHostLifetime, CallerLifetime>();
        builder.Services.AddSingleton<IConnectionListenerFactory, PlainPort.NoTransport>();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ServerMemory>();

        // How long stopping may take is the caller's to say; the host's own limit of 30 s would hold against any longer one.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // What a guest writes into a header reaches the client byte by byte; the default would refuse all but ASCII.
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;

            // RFC 9113 §6.5.2 advises against fewer.
            kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
            if (certificate is null)
            {
                PlainPort.Listen(kestrel, address);
            }
            else
            {
                kestrel.Listen(address, listen => listen.UseHttps(
                    new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(Secure(certificate)) }));
            }
        });
        return builder;
    }

    /// <summary>Starts an application.</summary>
    /// <param name="application">Made with <see cref="CreateBuilder"/>.</param>
    /// <param name="address">Where it listens.</param>
    /// <exception cref="UnusableAddressException">It cannot listen there.</exception>
    public static async Task StartAsync(IHost application, IPEndPoint address)
    {
        try
        {
            await application.StartAsync();
        }
        catch (SocketException exception)
        {
            throw new UnusableAddressException(address, exception);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new UnusableAddressException(address, exception);
        }
    }

    /// <summary>The URL that an application listens on, once it has started.</summary>
    public static string AddressOf(IHost application) =>
        application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Last(); // See PlainPort.

    private static SslServerAuthenticationOptions Secure(ServerCertificate certificate) => new()
    {
        ServerCertificateContext = certificate.Current,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
    };

    /// <summary>
    /// The program's log without that of ASP.NET's hosting, which has nothing to say here, and makes an activity of each request as long as somebody
    /// might listen.
    /// </summary>
    private sealed class ServerLoggers(ILoggerFactory loggers) : ILoggerFactory
    {
        private const string Hosting = "Microsoft.AspNetCore.Hosting.Diagnostics";

        public ILogger CreateLogger(string categoryName) => categoryName == Hosting ? NullLogger.Instance : loggers.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

        public void Dispose()
        {
            // The program's log is the caller's.
        }
    }

    /// <summary>The caller starts and stops the application, and it alone listens to signals.</summary>
    private sealed class CallerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>Nothing can listen at an address; the message is for the user.</summary>
/// <param name="address">The address.</param>
/// <param name="inner">What came of it.</param>
internal sealed class UnusableAddressException(IPEndPoint address, Exception inner)
    : IOException($"{Describe(address, inner)} (choose another with -l or --admin)", inner)
{
    private static string Describe(IPEndPoint address, Exception exception) => exception is SocketException socket
        ? $"Failed to bind to address {address}: {ReasonOf(socket)}"
        : exception.Message.TrimEnd('.');

    private static string ReasonOf(SocketException exception) => exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "address already in use",
        SocketError.AddressNotAvailable => "this machine has no such address",
        SocketError.AccessDenied => "this user may not listen on that port",
        _ => exception.Message,
    };
}

/// <summary>A short answer in plain text that does not come from a module.</summary>
internal static class PlainAnswer
{
    /// <summary>Writes status and text, with a line feed at the end.</summary>
    public static Task WriteAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = text.Length + 1;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text + "\n");
    }
}
