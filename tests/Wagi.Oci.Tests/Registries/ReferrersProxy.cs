using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Wagi.Oci.Content;

namespace Wagi.Oci.Tests.Registries;

/// <summary>
/// Adds the referrers API (OCI distribution spec 1.1, "Listing Referrers") to the real registry behind it, whose version is older than that. It
/// lists what has been pushed through it.
/// </summary>
internal sealed class ReferrersProxy : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private readonly string _target;
    private readonly int _pageSize;
    private readonly ConcurrentDictionary<string, List<JsonObject>> _referrers = new();
    private StandInServer? _server;

    private ReferrersProxy(string target, int pageSize)
    {
        _target = target;
        _pageSize = pageSize;
    }

    /// <summary><c>127.0.0.1:PORT</c>.</summary>
    public string Address => _server!.Address;

    public IEnumerable<SeenRequest> Requests => _server!.Requests;

    public static async Task<ReferrersProxy> StartAsync(string target, int pageSize = 100)
    {
        var proxy = new ReferrersProxy(target, pageSize);
        proxy._server = await StandInServer.StartAsync(proxy.AnswerAsync);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _http.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path.Value!.Split("/referrers/") is [_, var subject])
        {
            await ListAsync(context, subject);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://{_target}{context.Request.Path}{context.Request.QueryString}")
        {
            Content = new ByteArrayContent(body.ToArray()),
        };
        // Its answers name the proxy where they name a place.
        request.Headers.Host = Address;
        request.Headers.TryAddWithoutValidation("Accept", (IEnumerable<string?>)context.Request.Headers.Accept);
        request.Content.Headers.ContentType = context.Request.ContentType is { } type ? MediaTypeHeaderValue.Parse(type) : null;
        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (context.Request.Method == "PUT" && context.Request.Path.Value.Contains("/manifests/", StringComparison.Ordinal))
        {
            Remember(body.ToArray());
        }

        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is not "Transfer-Encoding"))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (context.Request.Method != "HEAD")
        {
            await answer.Content.CopyToAsync(context.Response.Body);
        }
    }

    private void Remember(byte[] content)
    {
        var manifest = JsonNode.Parse(content)!.AsObject();
        if (manifest["subject"]?["digest"]?.GetValue<string>() is { } subject)
        {
            _referrers.GetOrAdd(subject, _ => []).Add(new JsonObject
            {
                ["mediaType"] = manifest["mediaType"]!.DeepClone(),
                ["digest"] = Digest.Compute(content).ToString(),
                ["size"] = content.Length,
                ["artifactType"] = (manifest["artifactType"] ?? manifest["config"]!["mediaType"])!.DeepClone(),
                ["annotations"] = manifest["annotations"]?.DeepClone(),
            });
        }
    }

    private async Task ListAsync(HttpContext context, string subject)
    {
        var wanted = context.Request.Query["artifactType"].ToString();
        var from = int.TryParse(context.Request.Query["from"], out var number) ? number : 0;
        var all = _referrers.GetValueOrDefault(subject, []).Where(entry => wanted.Length == 0 || entry["artifactType"]!.GetValue<string>() == wanted).ToList();
        if (from + _pageSize < all.Count)
        {
            context.Response.Headers.Link = $"<{context.Request.Path}?artifactType={Uri.EscapeDataString(wanted)}&from={from + _pageSize}>; rel=\"next\"";
        }

        context.Response.ContentType = MediaTypes.ImageIndex;
        var index = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.ImageIndex,
            ["manifests"] = new JsonArray([.. all.Skip(from).Take(_pageSize).Select(entry => entry.DeepClone())]),
        };
        await context.Response.WriteAsync(index.ToJsonString());
    }
}
