using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Wagi.Modules.Routes;
using Wagi.Runtime.Guests;

namespace Wagi.Runtime.Cgi;

/// <summary>A request as a guest sees it that speaks HTTP itself. Used for one request after the other.</summary>
internal sealed class HttpExchange(ResponseOutput output) : IHttpExchange
{
    /// <summary>What must not come after the body that it is about (RFC 9110 §6.5.1).</summary>
    private static readonly HashSet<string> NoTrailers = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Trailer",
    };

    private HttpContext _context = null!;
    private RoutePattern? _route;
    private RequestFields _fields;

    /// <inheritdoc/>
    public string Method => _context.Request.Method;

    /// <inheritdoc/>
    public string Scheme => _context.Request.Scheme;

    /// <inheritdoc/>
    public string? Authority => _context.Request.Host.Value is { Length: > 0 } host ? host : null;

    /// <inheritdoc/>
    public string PathWithQuery
    {
        get
        {
            var target = RequestTarget.Of(_context, _route!);
            return target.Query.IsEmpty ? target.RawPath.ToString() : $"{target.RawPath}?{target.Query}";
        }
    }

    /// <inheritdoc/>
    public IEnumerable<HttpField> Headers => FieldsOf(_context.Request.Headers);

    /// <inheritdoc/>
    public IEnumerable<HttpField> Trailers =>
        _context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true } feature ? FieldsOf(feature.Trailers) : [];

    /// <inheritdoc/>
    public bool IsAnswered => output.HasHead;

    /// <param name="context">The request.</param>
    /// <param name="route">The route that it matched.</param>
    /// <param name="fields">Which header and trailer fields the guest sees.</param>
    public void Begin(HttpContext context, RoutePattern route, RequestFields fields)
    {
        _fields = fields;
        _context = context;
        _route = route;
    }

    /// <summary>Forgets the request.</summary>
    public void End()
    {
        _context = null!;
        _route = null;
    }

    /// <inheritdoc/>
    public bool Answer(int status, IReadOnlyList<HttpField> fields, bool isWhole) => output.Answer(status, fields, isWhole);

    /// <inheritdoc/>
    public void End(IReadOnlyList<HttpField> trailers)
    {
        output.EndBody();
        if (trailers.Count == 0 || !_context.Response.SupportsTrailers())
        {
            return;
        }

        foreach (var trailer in trailers)
        {
            if (!NoTrailers.Contains(trailer.Name))
            {
                _context.Response.AppendTrailer(trailer.Name, ResponseHead.Text(trailer.Value));
            }
        }
    }

    private IEnumerable<HttpField> FieldsOf(IEnumerable<KeyValuePair<string, StringValues>> headers) =>
        headers.Where(header => !_fields.Withhold(header.Key)).SelectMany(header => header.Value, static (header, value) => new HttpField(header.Key, Encoding.UTF8.GetBytes(value ?? "")));
}
