using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Wagi.Runtime.Cgi;

/// <summary>
/// Compresses the answers of a module that asks, for clients that accept it (RFC 9110 §12.5.3): what can become smaller, and is not encoded
/// already. What a guest flushes reaches the client at once.
/// </summary>
internal static class Compression
{
    private static readonly Provider Shared = new();

    /// <summary>Answers a request, compressed if that may be.</summary>
    public static Task AnswerAsync(HttpContext context, RequestDelegate answer) => new ResponseCompressionMiddleware(answer, Shared).Invoke(context);

    private sealed class Provider() : ResponseCompressionProvider(new NoServices(), Options.Create(Settings())), IResponseCompressionProvider
    {
        private static ResponseCompressionOptions Settings() => new()
        {
            // The module's owner has decided; that its pages may hold secrets beside what clients send (BREACH) is in the documentation.
            EnableForHttps = true,
            MimeTypes =
            [
                .. ResponseCompressionDefaults.MimeTypes, "text/*", "application/x-javascript", "application/xhtml+xml", "application/rss+xml", "application/atom+xml",
                "application/ld+json", "application/problem+json", "application/manifest+json", "application/vnd.api+json", "application/geo+json",
                "application/x-ndjson", "application/yaml", "image/svg+xml",
            ],
            ExcludedMimeTypes = ["text/event-stream"],
            Providers =
            {
                // Once for each answer: what the level saves in bytes must not cost more in time.
                new BrotliCompressionProvider(Options.Create(new BrotliCompressionProviderOptions { Level = CompressionLevel.Fastest })),
                new GzipCompressionProvider(Options.Create(new GzipCompressionProviderOptions { Level = CompressionLevel.Fastest })),
            },
        };

        /// <summary>Of an answer that is known to be shorter, nothing is left to save after what the encoding itself takes.</summary>
        private const int Shortest = 64;

        /// <summary>Clients that accept nothing are told, too, that the answer depends on it (RFC 9110 §12.5.5): a cache may ask for others.</summary>
        bool IResponseCompressionProvider.CheckRequestAcceptsCompression(HttpContext context) => true;

        /// <summary>Not without a body, not in part, and not when the module forbids it (RFC 9111 §5.2.2.6).</summary>
        public override bool ShouldCompressResponse(HttpContext context) =>
            context.Response.StatusCode is not (StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent
                or StatusCodes.Status206PartialContent or StatusCodes.Status304NotModified)
            && context.Response.ContentLength is not < Shortest
            && context.Response.GetTypedHeaders().CacheControl is not { NoTransform: true }
            && base.ShouldCompressResponse(context);

        /// <summary>Other bytes of the same meaning are what a weak validator stands for (RFC 9110 §8.8.1).</summary>
        public override ICompressionProvider? GetCompressionProvider(HttpContext context)
        {
            var provider = StringValues.IsNullOrEmpty(context.Request.Headers.AcceptEncoding) ? null : base.GetCompressionProvider(context);
            if (provider is not null && context.Response.Headers.ETag is [['"', ..] tag])
            {
                context.Response.Headers.ETag = "W/" + tag;
            }

            return provider;
        }
    }

    /// <summary>The provider asks for its logger alone, which would have a line or two for each request.</summary>
    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) =>
            serviceType == typeof(ILogger<ResponseCompressionProvider>) ? NullLogger<ResponseCompressionProvider>.Instance : null;
    }
}
