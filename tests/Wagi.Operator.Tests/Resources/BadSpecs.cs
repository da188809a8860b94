using System.Globalization;

namespace Wagi.Operator.Tests.Resources;

/// <summary>
/// One spec for every rule of the schema and every CEL rule. An API server has to refuse them, and so has the operator, which may stand
/// behind an API server that knows no CEL.
/// </summary>
public static class BadSpecs
{
    private const string Wildcard = "'...' may only be the last segment of a route, as in '/hello/...'";
    private const string DotSegment = "a route must not hold the segments '.' or '..'";
    private const string Module = "a module is an OCI reference ('oci://REGISTRY/REPOSITORY:TAG') or 'bindle:NAME'";
    private const string Files = "files are an OCI reference ('oci://REGISTRY/REPOSITORY:TAG')";
    private const string PathSegment = "a path must not hold the segments '.' or '..'";
    private const string Origin = "an allowed host is an origin such as 'https://api.example.com', or 'insecure:allow-all'";
    private const string MetaVariable = "this name is a CGI meta-variable, which the runtime sets itself for every request";
    private const string ValueOrSource = "give exactly one of value and valueFrom";
    private const string OneSource = "give exactly one of secretKeyRef and configMapKeyRef";
    private const string Timeout = "timeout must be a duration between 1ms and 24h, for example 30s, 1m30s or 500ms";
    private const string MemoryLimit = "memoryLimit must be between 64Ki and 4Gi, for example 64Mi or 1Gi";
    private const string BindleServer = "bindleServer is only for a module 'bindle:NAME'";

    public static TheoryData<BadSpec> All =>
    [
        BadSpec.Schema("is missing", "spec.route", "{module: r.example/a}"),
        BadSpec.Schema("is empty", "spec.route", "{route: '', module: r.example/a}"),
        BadSpec.Schema("does not start with /", "spec.route", "{route: a, module: r.example/a}"),
        BadSpec.Schema("holds a query", "spec.route", "{route: '/a?b', module: r.example/a}"),
        BadSpec.Schema("holds a fragment", "spec.route", "{route: '/a#b', module: r.example/a}"),
        BadSpec.Schema("holds a space", "spec.route", "{route: '/a b', module: r.example/a}"),
        BadSpec.Schema("is too long", "spec.route", $"{{route: /{Long(1024)}, module: r.example/a}}"),
        BadSpec.Cel("wildcard not at the end", "spec.route", "{route: /a/.../b, module: r.example/a}", Wildcard),
        BadSpec.Cel("wildcard within a segment", "spec.route", "{route: /a..., module: r.example/a}", Wildcard),
        BadSpec.Cel("two wildcards", "spec.route", "{route: /.../..., module: r.example/a}", Wildcard),
        BadSpec.Cel("dot segment", "spec.route", "{route: /a/./b, module: r.example/a}", DotSegment),
        BadSpec.Cel("dot dot segment", "spec.route", "{route: /a/.., module: r.example/a}", DotSegment),

        BadSpec.Schema("has a port", "spec.hosts[0]", "{route: /a, module: r.example/a, hosts: ['example.com:80']}"),
        BadSpec.Schema("has a scheme", "spec.hosts[0]", "{route: /a, module: r.example/a, hosts: ['http://example.com']}"),
        BadSpec.Schema("wildcard inside", "spec.hosts[0]", "{route: /a, module: r.example/a, hosts: ['a.*.example.com']}"),
        BadSpec.Schema("label ends in -", "spec.hosts[0]", "{route: /a, module: r.example/a, hosts: ['a-.example.com']}"),
        BadSpec.Schema("is empty", "spec.hosts[0]", "{route: /a, module: r.example/a, hosts: ['']}"),
        BadSpec.Schema("is too long", "spec.hosts[0]", $"{{route: /a, module: r.example/a, hosts: [{string.Join('.', Enumerable.Repeat("abcdefgh", 29))}]}}"),
        BadSpec.Schema("is there twice", "spec.hosts[1]", "{route: /a, module: r.example/a, hosts: [example.com, example.com]}"),
        BadSpec.Schema("too many", "spec.hosts", $"{{route: /a, module: r.example/a, hosts: [{Many(33, "h{0}.example.com")}]}}"),

        BadSpec.Schema("is missing", "spec.module", "{route: /a}"),
        BadSpec.Schema("is empty", "spec.module", "{route: /a, module: ''}"),
        BadSpec.Schema("is a path", "spec.module", "{route: /a, module: /etc/a.wasm}"),
        BadSpec.Schema("is a relative path", "spec.module", "{route: /a, module: ./a.wasm}"),
        BadSpec.Schema("holds a space", "spec.module", "{route: /a, module: 'r.example/a b'}"),
        BadSpec.Schema("is too long", "spec.module", $"{{route: /a, module: r.example/{Long(1024)}}}"),
        BadSpec.Cel("is a file", "spec.module", "{route: /a, module: 'file:a.wasm'}", Module),
        BadSpec.Cel("unknown scheme", "spec.module", "{route: /a, module: 'https://r.example/a'}", Module),

        BadSpec.Schema("reference is missing", "spec.files[0].reference", "{route: /a, module: r.example/a, files: [{path: /a}]}"),
        BadSpec.Schema("reference is a path", "spec.files[0].reference", "{route: /a, module: r.example/a, files: [{path: /a, reference: /etc}]}"),
        BadSpec.Cel("reference is a bindle", "spec.files[0].reference", "{route: /a, module: r.example/a, files: [{path: /a, reference: 'bindle:a/1'}]}", Files),
        BadSpec.Schema("path is missing", "spec.files[0].path", "{route: /a, module: r.example/a, files: [{reference: r.example/b}]}"),
        BadSpec.Schema("path is relative", "spec.files[0].path", "{route: /a, module: r.example/a, files: [{path: a, reference: r.example/b}]}"),
        BadSpec.Schema("path ends in a slash", "spec.files[0].path", "{route: /a, module: r.example/a, files: [{path: /a/, reference: r.example/b}]}"),
        BadSpec.Cel("path has a dot segment", "spec.files[0].path", "{route: /a, module: r.example/a, files: [{path: /a/.., reference: r.example/b}]}", PathSegment),
        BadSpec.Schema("path is there twice", "spec.files[1]", "{route: /a, module: r.example/a, files: [{path: /a, reference: r.example/b}, {path: /a, reference: r.example/c}]}"),
        BadSpec.Schema("too many", "spec.files", $"{{route: /a, module: r.example/a, files: [{Many(9, "{{path: /f{0}, reference: r.example/b}}")}]}}"),

        BadSpec.Schema("name is missing", "spec.imagePullSecrets[0].name", "{route: /a, module: r.example/a, imagePullSecrets: [{}]}"),
        BadSpec.Schema("name is too long", "spec.imagePullSecrets[0].name", $"{{route: /a, module: r.example/a, imagePullSecrets: [{{name: {Long(254)}}}]}}"),
        BadSpec.Schema("too many", "spec.imagePullSecrets", $"{{route: /a, module: r.example/a, imagePullSecrets: [{Many(9, "{{name: s{0}}}")}]}}"),

        BadSpec.Schema("has a path", "spec.allowedHosts[0]", "{route: /a, module: r.example/a, allowedHosts: ['https://example.com/a']}"),
        BadSpec.Schema("has no scheme", "spec.allowedHosts[0]", "{route: /a, module: r.example/a, allowedHosts: [example.com]}"),
        BadSpec.Schema("holds a password", "spec.allowedHosts[0]", "{route: /a, module: r.example/a, allowedHosts: ['https://u:p@example.com']}"),
        BadSpec.Schema("is there twice", "spec.allowedHosts[1]", "{route: /a, module: r.example/a, allowedHosts: ['https://example.com', 'https://example.com']}"),
        BadSpec.Schema("is too long", "spec.allowedHosts[0]", $"{{route: /a, module: r.example/a, allowedHosts: ['https://{Long(300)}']}}"),
        BadSpec.Schema("too many", "spec.allowedHosts", $"{{route: /a, module: r.example/a, allowedHosts: [{Many(65, "'https://h{0}.example.com'")}]}}"),
        BadSpec.Cel("is not an origin", "spec.allowedHosts", "{route: /a, module: r.example/a, allowedHosts: ['https://exa%zzmple.com']}", Origin),
        BadSpec.Cel("has a port that is none", "spec.allowedHosts", "{route: /a, module: r.example/a, allowedHosts: ['https://example.com:http']}", Origin),

        BadSpec.Schema("is empty", "spec.entrypoint", "{route: /a, module: r.example/a, entrypoint: ''}"),
        BadSpec.Schema("is too long", "spec.entrypoint", $"{{route: /a, module: r.example/a, entrypoint: {Long(257)}}}"),
        BadSpec.Schema("is too long", "spec.argv", $"{{route: /a, module: r.example/a, argv: {Long(4097)}}}"),

        BadSpec.Schema("name is missing", "spec.env[0].name", "{route: /a, module: r.example/a, env: [{value: x}]}"),
        BadSpec.Schema("name starts with a digit", "spec.env[0].name", "{route: /a, module: r.example/a, env: [{name: 1A, value: x}]}"),
        BadSpec.Schema("name holds =", "spec.env[0].name", "{route: /a, module: r.example/a, env: [{name: A=B, value: x}]}"),
        BadSpec.Schema("name is too long", "spec.env[0].name", $"{{route: /a, module: r.example/a, env: [{{name: {Long(129)}, value: x}}]}}"),
        BadSpec.Schema("name is there twice", "spec.env[1]", "{route: /a, module: r.example/a, env: [{name: A, value: x}, {name: A, value: y}]}"),
        BadSpec.Schema("value is too long", "spec.env[0].value", $"{{route: /a, module: r.example/a, env: [{{name: A, value: {Long(32769)}}}]}}"),
        BadSpec.Schema("too many", "spec.env", $"{{route: /a, module: r.example/a, env: [{Many(129, "{{name: N{0}, value: x}}")}]}}"),
        BadSpec.Cel("name is a meta-variable", "spec.env[0].name", "{route: /a, module: r.example/a, env: [{name: QUERY_STRING, value: x}]}", MetaVariable),
        BadSpec.Cel("name is a header's", "spec.env[0].name", "{route: /a, module: r.example/a, env: [{name: HTTP_HOST, value: x}]}", MetaVariable),
        BadSpec.Cel("neither value nor valueFrom", "spec.env[0]", "{route: /a, module: r.example/a, env: [{name: A}]}", ValueOrSource),
        BadSpec.Cel("both value and valueFrom", "spec.env[0]", "{route: /a, module: r.example/a, env: [{name: A, value: x, valueFrom: {secretKeyRef: {name: s, key: k}}}]}", ValueOrSource),
        BadSpec.Cel("no source", "spec.env[0].valueFrom", "{route: /a, module: r.example/a, env: [{name: A, valueFrom: {}}]}", OneSource),
        BadSpec.Cel("two sources", "spec.env[0].valueFrom", "{route: /a, module: r.example/a, env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}, configMapKeyRef: {name: s, key: k}}}]}", OneSource),
        BadSpec.Schema("Secret without name", "spec.env[0].valueFrom.secretKeyRef.name", "{route: /a, module: r.example/a, env: [{name: A, valueFrom: {secretKeyRef: {key: k}}}]}"),
        BadSpec.Schema("Secret without key", "spec.env[0].valueFrom.secretKeyRef.key", "{route: /a, module: r.example/a, env: [{name: A, valueFrom: {secretKeyRef: {name: s}}}]}"),
        BadSpec.Schema("ConfigMap key that is none", "spec.env[0].valueFrom.configMapKeyRef.key", "{route: /a, module: r.example/a, env: [{name: A, valueFrom: {configMapKeyRef: {name: s, key: a/b}}}]}"),

        BadSpec.Schema("has no unit", "spec.timeout", "{route: /a, module: r.example/a, timeout: '30'}", Timeout),
        BadSpec.Cel("has more digits than CEL can count", "spec.timeout", "{route: /a, module: r.example/a, timeout: 99999999999999999h}", Timeout),
        BadSpec.Cel("is too long in small parts", "spec.timeout", "{route: /a, module: r.example/a, timeout: 999999h999999h999999h}", Timeout),
        BadSpec.Schema("is a word", "spec.timeout", "{route: /a, module: r.example/a, timeout: soon}", Timeout),
        BadSpec.Schema("is negative", "spec.timeout", "{route: /a, module: r.example/a, timeout: '-1s'}", Timeout),
        BadSpec.Cel("is zero", "spec.timeout", "{route: /a, module: r.example/a, timeout: 0s}", Timeout),
        BadSpec.Cel("is longer than a day", "spec.timeout", "{route: /a, module: r.example/a, timeout: 25h}", Timeout),
        BadSpec.Schema("unknown suffix", "spec.memoryLimit", "{route: /a, module: r.example/a, memoryLimit: 64MB}", MemoryLimit),
        BadSpec.Cel("is more than CEL can count", "spec.memoryLimit", "{route: /a, module: r.example/a, memoryLimit: 9999999999Gi}", MemoryLimit),
        BadSpec.Schema("is a word", "spec.memoryLimit", "{route: /a, module: r.example/a, memoryLimit: much}", MemoryLimit),
        BadSpec.Schema("is zero", "spec.memoryLimit", "{route: /a, module: r.example/a, memoryLimit: '0'}", MemoryLimit),
        BadSpec.Cel("is less than a page", "spec.memoryLimit", "{route: /a, module: r.example/a, memoryLimit: 1Ki}", MemoryLimit),
        BadSpec.Cel("is more than 32 bits", "spec.memoryLimit", "{route: /a, module: r.example/a, memoryLimit: 5Gi}", MemoryLimit),
        BadSpec.Schema("is zero", "spec.maxConcurrency", "{route: /a, module: r.example/a, maxConcurrency: 0}"),
        BadSpec.Schema("is too large", "spec.maxConcurrency", "{route: /a, module: r.example/a, maxConcurrency: 100001}"),
        BadSpec.Schema("is negative", "spec.httpMaxConcurrency", "{route: /a, module: r.example/a, httpMaxConcurrency: -1}"),
        BadSpec.Schema("has no unit", "spec.rateLimit", "{route: /a, module: r.example/a, rateLimit: '100'}"),
        BadSpec.Schema("has another unit", "spec.rateLimit", "{route: /a, module: r.example/a, rateLimit: 100/d}"),
        BadSpec.Schema("is zero", "spec.rateLimit", "{route: /a, module: r.example/a, rateLimit: 0/s}"),
        BadSpec.Schema("is too large", "spec.rateLimit", "{route: /a, module: r.example/a, rateLimit: 1000000/s}"),
        BadSpec.Schema("is another word", "spec.preinitialize", "{route: /a, module: r.example/a, preinitialize: sometimes}"),
        BadSpec.Schema("is true in quotes", "spec.preinitialize", "{route: /a, module: r.example/a, preinitialize: 'true'}"),
        BadSpec.Schema("is a number", "spec.preinitialize", "{route: /a, module: r.example/a, preinitialize: 1}"),
        BadSpec.Schema("is an object", "spec.preinitialize", "{route: /a, module: r.example/a, preinitialize: {withRandom: true}}"),
        BadSpec.Schema("is no URL", "spec.bindleServer", "{route: /a, module: 'bindle:a/b/1.0.0', bindleServer: bindle.example.com}"),
        BadSpec.Cel("is for another kind of module", "spec", "{route: /a, module: r.example/a, bindleServer: 'https://bindle.example.com/v1'}", BindleServer),
    ];

    private static string Long(int length) => new('x', length);

    private static string Many(int count, string format) =>
        string.Join(", ", Enumerable.Range(0, count).Select(i => string.Format(CultureInfo.InvariantCulture, format, i)));
}
