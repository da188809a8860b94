using System.Globalization;
using System.Text;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.WasiHttp;

/// <summary>
/// Components in WebAssembly text that export <c>wasi:http/incoming-handler</c>, around the body of a function. The types of what they import are
/// left out, which nobody reads: they are functions by name and core signature. Results are written to addresses below 4096, texts lie
/// from there on, and what the host allocates begins at 128 KiB.
/// </summary>
internal sealed class HandlerText
{
    private const string Types = "wasi:http/types";
    private const string Streams = "wasi:io/streams";

    private static readonly (string Alias, string Interface, string Name, string Parameters, string Result)[] Common =
    [
        ("fields", Types, "[constructor]fields", "", "i"),
        ("from-list", Types, "[static]fields.from-list", "iii", ""),
        ("get", Types, "[method]fields.get", "iiii", ""),
        ("has", Types, "[method]fields.has", "iii", "i"),
        ("set", Types, "[method]fields.set", "iiiiii", ""),
        ("delete", Types, "[method]fields.delete", "iiii", ""),
        ("append", Types, "[method]fields.append", "iiiiii", ""),
        ("entries", Types, "[method]fields.entries", "ii", ""),
        ("clone", Types, "[method]fields.clone", "i", "i"),
        ("method", Types, "[method]incoming-request.method", "ii", ""),
        ("path", Types, "[method]incoming-request.path-with-query", "ii", ""),
        ("scheme", Types, "[method]incoming-request.scheme", "ii", ""),
        ("authority", Types, "[method]incoming-request.authority", "ii", ""),
        ("headers", Types, "[method]incoming-request.headers", "i", "i"),
        ("consume", Types, "[method]incoming-request.consume", "ii", ""),
        ("stream-of", Types, "[method]incoming-body.stream", "ii", ""),
        ("finish-reading", Types, "[static]incoming-body.finish", "i", "i"),
        ("subscribe-trailers", Types, "[method]future-trailers.subscribe", "i", "i"),
        ("get-trailers", Types, "[method]future-trailers.get", "ii", ""),
        ("response", Types, "[constructor]outgoing-response", "i", "i"),
        ("set-status", Types, "[method]outgoing-response.set-status-code", "ii", "i"),
        ("body-of", Types, "[method]outgoing-response.body", "ii", ""),
        ("stream-to", Types, "[method]outgoing-body.write", "ii", ""),
        ("finish", Types, "[static]outgoing-body.finish", "iiii", ""),
        ("answer", Types, "[static]response-outparam.set", "iiiiIiiii", ""),
        ("request", Types, "[constructor]outgoing-request", "i", "i"),
        ("request-body", Types, "[method]outgoing-request.body", "ii", ""),
        ("set-method", Types, "[method]outgoing-request.set-method", "iiii", "i"),
        ("set-path", Types, "[method]outgoing-request.set-path-with-query", "iiii", "i"),
        ("set-scheme", Types, "[method]outgoing-request.set-scheme", "iiiii", "i"),
        ("set-authority", Types, "[method]outgoing-request.set-authority", "iiii", "i"),
        ("options", Types, "[constructor]request-options", "", "i"),
        ("set-connect-timeout", Types, "[method]request-options.set-connect-timeout", "iiI", "i"),
        ("set-first-byte-timeout", Types, "[method]request-options.set-first-byte-timeout", "iiI", "i"),
        ("set-between-bytes-timeout", Types, "[method]request-options.set-between-bytes-timeout", "iiI", "i"),
        ("subscribe-response", Types, "[method]future-incoming-response.subscribe", "i", "i"),
        ("get-response", Types, "[method]future-incoming-response.get", "ii", ""),
        ("status", Types, "[method]incoming-response.status", "i", "i"),
        ("response-headers", Types, "[method]incoming-response.headers", "i", "i"),
        ("consume-response", Types, "[method]incoming-response.consume", "ii", ""),
        ("http-error-code", Types, "http-error-code", "ii", ""),
        ("send", "wasi:http/outgoing-handler", "handle", "iiii", ""),
        ("read", Streams, "[method]input-stream.blocking-read", "iIi", ""),
        ("write", Streams, "[method]output-stream.blocking-write-and-flush", "iiii", ""),
        ("check-write", Streams, "[method]output-stream.check-write", "ii", ""),
        ("block", "wasi:io/poll", "[method]pollable.block", "i", ""),
        ("poll", "wasi:io/poll", "poll", "iii", ""),
        ("subscribe-duration", "wasi:clocks/monotonic-clock", "subscribe-duration", "I", "i"),
        ("environment", "wasi:cli/environment", "get-environment", "i", ""),
        ("stdin", "wasi:cli/stdin", "get-stdin", "", "i"),
        ("stdout", "wasi:cli/stdout", "get-stdout", "", "i"),
        ("exit", "wasi:cli/exit", "exit", "i", ""),
    ];

    private static readonly (string Resource, string Interface)[] CommonDrops =
    [
        ("fields", Types), ("outgoing-body", Types), ("incoming-body", Types), ("future-incoming-response", Types), ("incoming-response", Types),
        ("future-trailers", Types), ("response-outparam", Types), ("input-stream", Streams), ("output-stream", Streams),
    ];

    private readonly StringBuilder _data = new();
    private int _next = 4096;

    /// <summary>Functions that it imports as well.</summary>
    public IReadOnlyList<(string Alias, string Interface, string Name, string Parameters, string Result)> MoreFunctions { get; init; } = [];

    /// <summary>Resources that it can drop as well.</summary>
    public IReadOnlyList<(string Resource, string Interface)> MoreDrops { get; init; } = [];

    /// <summary>Functions of its own.</summary>
    public string Own { get; init; } = "";

    private (string Alias, string Interface, string Name, string Parameters, string Result)[] Functions => [.. Common, .. MoreFunctions];

    private (string Resource, string Interface)[] Drops => [.. CommonDrops, .. MoreDrops];

    /// <summary>Address and length of a text.</summary>
    public string Text(string text)
    {
        var at = _next;
        var length = Encoding.UTF8.GetByteCount(text);
        _next += length;
        _data.Append(CultureInfo.InvariantCulture, $"(data (i32.const {at}) \"{Wat.Escape(text)}\")");
        return $"(i32.const {at}) (i32.const {length})";
    }

    /// <summary>Writes a text to the answer, which was begun.</summary>
    public string Print(string text) => $"(call $print {Text(text)})";

    /// <summary>A handler with this body. Its functions are those above, by their aliases, and <c>$begin</c>, <c>$print</c>, <c>$number</c>, <c>$end</c>.</summary>
    public string Build(string body)
    {
        var interfaces = Functions.Select(function => function.Interface).Concat(Drops.Select(drop => drop.Interface)).Distinct().ToList();
        var text = new StringBuilder("(component\n");
        foreach (var name in interfaces)
        {
            var items = Functions.Where(function => function.Interface == name).Select(function => $"(export \"{function.Name}\" (func))")
                .Concat(Drops.Where(drop => drop.Interface == name).Select(drop => $"(export \"{drop.Resource}\" (type (sub resource)))"));
            text.AppendLine(CultureInfo.InvariantCulture, $"(import \"{(name.Contains('@', StringComparison.Ordinal) ? name : name + "@0.2.3")}\" (instance ${Id(name)} {string.Join(" ", items)}))");
        }

        text.AppendLine("""
            (core module $libc
              (memory (export "memory") 16)
              (global $free (mut i32) (i32.const 131072))
              (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                (if (i32.gt_u (i32.add (global.get $free) (local.get 3)) (i32.const 1048576)) (then (global.set $free (i32.const 131072))))
                (global.get $free)
                (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -16)))))
            (core instance $libc (instantiate $libc))
            (alias core export $libc "memory" (core memory $memory))
            (alias core export $libc "realloc" (core func $realloc))
            """);
        foreach (var (alias, name, function, _, _) in Functions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"(core func ${alias} (canon lower (func ${Id(name)} \"{function}\") (memory (core memory $memory)) (realloc (core func $realloc))))");
        }

        foreach (var (resource, name) in Drops)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"(alias export ${Id(name)} \"{resource}\" (type $type-{resource})) (core func $drop-{resource} (canon resource.drop $type-{resource}))");
        }

        text.AppendLine("(core module $main (import \"libc\" \"memory\" (memory 16))");
        foreach (var (alias, _, _, parameters, result) in Functions.Concat(Drops.Select(drop => ($"drop-{drop.Resource}", "", "", "i", ""))))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"(import \"host\" \"{alias}\" (func ${alias} {Flat("param", parameters)} {Flat("result", result)}))");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $$"""
              (global $out (mut i32) (i32.const 0)) (global $body (mut i32) (i32.const 0)) (global $stream (mut i32) (i32.const 0))
              (func $print (param $pointer i32) (param $length i32)
                (call $write (global.get $stream) (local.get $pointer) (local.get $length) (i32.const 256))
                (if (i32.load8_u (i32.const 256)) (then unreachable)))
              (func $number (param $number i32)
                (if (i32.ge_u (local.get $number) (i32.const 10)) (then (call $number (i32.div_u (local.get $number) (i32.const 10)))))
                (i32.store8 (i32.const 300) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
                (call $print (i32.const 300) (i32.const 1)))
              ;; Begins the answer, with a body.
              (func $begin (param $status i32) (param $fields i32) (local $response i32)
                (local.set $response (call $response (local.get $fields)))
                (if (call $set-status (local.get $response) (local.get $status)) (then unreachable))
                (call $body-of (local.get $response) (i32.const 256))
                (global.set $body (i32.load (i32.const 260)))
                (call $stream-to (global.get $body) (i32.const 256))
                (global.set $stream (i32.load (i32.const 260)))
                (call $answer (global.get $out) (i32.const 0) (local.get $response) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
              (func $end
                (call $finish (global.get $body) (i32.const 0) (i32.const 0) (i32.const 256))
                (if (i32.load8_u (i32.const 256)) (then unreachable)))
              {{_data}}
              {{Own}}
              (func (export "handle") (param $request i32) (param $outparam i32) (local $i i32) (local $a i32) (local $b i32) (local $c i32)
                (global.set $out (local.get $outparam))
                {{body}}))
            (core instance $main (instantiate $main (with "libc" (instance $libc)) (with "host" (instance
            """);
        foreach (var alias in Functions.Select(function => function.Alias).Concat(Drops.Select(drop => $"drop-{drop.Resource}")))
        {
            text.Append(CultureInfo.InvariantCulture, $"(export \"{alias}\" (func ${alias}))");
        }

        return text.AppendLine("""
            ))))
            (func $handle (canon lift (core func $main "handle")))
            (instance $handler (export "handle" (func $handle)))
            (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))
            """).ToString();
    }

    /// <summary>Answers with a text and a header.</summary>
    public static string Hello { get; } = Simple();

    /// <summary>Answers with the body that it gets.</summary>
    public static string Echo { get; } = new HandlerText().Build("""
        (call $begin (i32.const 200) (call $fields))
        (call $consume (local.get $request) (i32.const 0))
        (call $stream-of (i32.load (i32.const 4)) (i32.const 0))
        (local.set $a (i32.load (i32.const 4)))
        (loop $more
          (call $read (local.get $a) (i64.const 65536) (i32.const 0))
          (if (i32.eqz (i32.load8_u (i32.const 0))) (then
            (call $print (i32.load (i32.const 4)) (i32.load (i32.const 8)))
            (br $more))))
        (call $end)
        """);

    /// <summary>Reads its body to the end, and only then answers.</summary>
    public static string Reader { get; } = new HandlerText().Build("""
        (call $consume (local.get $request) (i32.const 0))
        (call $stream-of (i32.load (i32.const 4)) (i32.const 0))
        (local.set $a (i32.load (i32.const 4)))
        (loop $more
          (call $read (local.get $a) (i64.const 65536) (i32.const 0))
          (br_if $more (i32.eqz (i32.load8_u (i32.const 0)))))
        (call $begin (i32.const 200) (call $fields))
        (call $end)
        """);

    private static string Simple()
    {
        var text = new HandlerText();
        return text.Build($"""
            (local.set $a (call $fields))
            (call $append (local.get $a) {text.Text("Content-Type")} {text.Text("text/plain")} (i32.const 0))
            (call $begin (i32.const 200) (local.get $a))
            {text.Print("hello")}
            (call $end)
            """);
    }

    private static string Id(string name) => name.Replace(':', '-').Replace('/', '-').Replace('@', '-');

    private static string Flat(string what, string types) =>
        types.Length == 0 ? "" : $"({what} {string.Join(" ", types.Select(type => type == 'i' ? "i32" : "i64"))})";
}
