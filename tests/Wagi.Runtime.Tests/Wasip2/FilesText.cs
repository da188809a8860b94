using System.Globalization;
using Wagi.Runtime.Tests.WasiHttp;

namespace Wagi.Runtime.Tests.Wasip2;

/// <summary>
/// Handlers in WebAssembly text that do something with the first directory that they find. What went wrong they answer with the number of the
/// error code behind an exclamation mark.
/// </summary>
internal static class FilesText
{
    public const string NoEntry = "!20";
    public const string InsufficientMemory = "!22";
    public const string NotPermitted = "!31";

    private const string Types = "wasi:filesystem/types";
    private const string Streams = "wasi:io/streams";

    private static readonly (string Alias, string Interface, string Name, string Parameters, string Result)[] Functions =
    [
        ("directories", "wasi:filesystem/preopens", "get-directories", "i", ""),
        ("error-code", Types, "filesystem-error-code", "ii", ""),
        ("next-entry", Types, "[method]directory-entry-stream.read-directory-entry", "ii", ""),
        Method("read-via-stream", "iIi"),
        Method("write-via-stream", "iIi"),
        Method("append-via-stream", "ii"),
        Method("advise", "iIIii"),
        Method("sync-data", "ii"),
        Method("get-flags", "ii"),
        Method("get-type", "ii"),
        Method("set-size", "iIi"),
        Method("set-times", "iiIiiIii"),
        ("read-at", Types, "[method]descriptor.read", "iIIi", ""),
        ("write-at", Types, "[method]descriptor.write", "iiiIi", ""),
        Method("read-directory", "ii"),
        Method("sync", "ii"),
        Method("create-directory-at", "iiii"),
        Method("stat", "ii"),
        Method("stat-at", "iiiii"),
        Method("set-times-at", "iiiiiIiiIii"),
        Method("link-at", "iiiiiiii"),
        Method("open-at", "iiiiiii"),
        Method("readlink-at", "iiii"),
        Method("remove-directory-at", "iiii"),
        Method("rename-at", "iiiiiii"),
        Method("symlink-at", "iiiiii"),
        Method("unlink-file-at", "iiii"),
        Method("metadata-hash", "ii"),
        Method("metadata-hash-at", "iiiii"),
        ("is-same-object", Types, "[method]descriptor.is-same-object", "ii", "i"),
        ("read-now", Streams, "[method]input-stream.read", "iIi", ""),
        ("skip", Streams, "[method]input-stream.skip", "iIi", ""),
        ("subscribe-input", Streams, "[method]input-stream.subscribe", "i", "i"),
        ("splice", Streams, "[method]output-stream.blocking-splice", "iiIi", ""),
        ("config", "wasi:config/store@0.2.0-rc.1", "get", "iii", ""),
        ("config-all", "wasi:config/store@0.2.0-rc.1", "get-all", "i", ""),
        ("config-before", "wasi:config/runtime@0.2.0-draft", "get", "iii", ""),
    ];

    private const string Own = """
        (func $root (result i32)
          (call $directories (i32.const 0))
          (if (i32.eqz (i32.load (i32.const 4))) (then unreachable))
          (i32.load (i32.load (i32.const 0))))
        (func $fails (param $payload i32) (result i32)
          (if (i32.eqz (i32.load8_u (i32.const 0))) (then (return (i32.const 0))))
          (i32.store8 (i32.const 310) (i32.const 33))
          (call $print (i32.const 310) (i32.const 1))
          (call $number (i32.load8_u (local.get $payload)))
          (i32.const 1))
        (func $space (i32.store8 (i32.const 310) (i32.const 32)) (call $print (i32.const 310) (i32.const 1)))
        ;; A descriptor, or 0 with the error printed.
        (func $open (param $folder i32) (param $path i32) (param $length i32) (param $how i32) (param $flags i32) (result i32)
          (call $open-at (local.get $folder) (i32.const 1) (local.get $path) (local.get $length) (local.get $how) (local.get $flags) (i32.const 0))
          (if (call $fails (i32.const 4)) (then (return (i32.const 0))))
          (i32.load (i32.const 4)))
        ;; Copies from a stream to another, to the end.
        (func $copy (param $from i32) (param $to i32)
          (loop $more
            (call $read (local.get $from) (i64.const 65536) (i32.const 0))
            (if (i32.eqz (i32.load8_u (i32.const 0))) (then
              (call $write (local.get $to) (i32.load (i32.const 4)) (i32.load (i32.const 8)) (i32.const 16))
              (if (i32.load8_u (i32.const 16)) (then unreachable))
              (br $more)))))
        """;

    public static HandlerText New() => new()
    {
        MoreFunctions = Functions,
        MoreDrops = [("descriptor", Types), ("directory-entry-stream", Types), ("error", "wasi:io/error"), ("pollable", "wasi:io/poll")],
        Own = Own,
    };

    /// <summary>A handler that begins an answer, and ends it behind this.</summary>
    public static string Build(this HandlerText text, params string[] body) => text.Build($"""
        (call $begin (i32.const 200) (call $fields))
        {string.Join('\n', body)}
        (call $end)
        """);

    /// <summary>Answers with what is in a file.</summary>
    public static string Reading(string path)
    {
        var text = New();
        return text.Build(
            $"(local.set $a {Open(text, path)})",
            """
            (if (local.get $a) (then
              (call $read-via-stream (local.get $a) (i64.const 0) (i32.const 0))
              (if (i32.eqz (call $fails (i32.const 4))) (then
                (local.set $b (i32.load (i32.const 4)))
                ;; The stream does not need the descriptor any more.
                (call $drop-descriptor (local.get $a))
                (call $copy (local.get $b) (global.get $stream))
                (call $drop-input-stream (local.get $b))))))
            """);
    }

    /// <summary>Puts a file that holds what the request's body does.</summary>
    public static string Writing(string path)
    {
        var text = New();
        return text.Build(
            $"(local.set $a {Open(text, path, how: 0b1001, flags: 2)})",
            """
            (if (local.get $a) (then
              (call $write-via-stream (local.get $a) (i64.const 0) (i32.const 0))
              (if (i32.eqz (call $fails (i32.const 4))) (then
                (local.set $b (i32.load (i32.const 4)))
                (call $consume (local.get $request) (i32.const 0))
                (call $stream-of (i32.load (i32.const 4)) (i32.const 0))
                (call $copy (i32.load (i32.const 4)) (local.get $b))))))
            """);
    }

    /// <summary>Prints the entries of a folder, each as its type and its name.</summary>
    public static string Listing(string path)
    {
        var text = New();
        return text.Build(
            $"(local.set $a {Open(text, path, how: 2)})",
            """
            (if (local.get $a) (then
              (call $read-directory (local.get $a) (i32.const 0))
              (if (i32.eqz (call $fails (i32.const 4))) (then
                (local.set $b (i32.load (i32.const 4)))
                (loop $more
                  (call $next-entry (local.get $b) (i32.const 0))
                  (if (i32.eqz (call $fails (i32.const 4))) (then
                    (if (i32.load8_u (i32.const 4)) (then
                      (call $number (i32.load8_u (i32.const 8)))
                      (call $print (i32.load (i32.const 12)) (i32.load (i32.const 16)))
                      (call $space)
                      (br $more))))))
                (call $drop-directory-entry-stream (local.get $b))))))
            """);
    }

    /// <summary>A call whose last argument is 0, where the result goes, and <c>ok</c> or its error.</summary>
    public static string Calling(HandlerText text, string call, int payload = 1) =>
        $"{call} (if (i32.eqz (call $fails (i32.const {payload.ToString(CultureInfo.InvariantCulture)}))) (then {text.Print("ok")}))";

    /// <summary>Opens something in the first directory; the error is printed, and gives 0.</summary>
    public static string Open(HandlerText text, string path, int how = 0, int flags = 1) =>
        $"(call $open (call $root) {text.Text(path)} (i32.const {how.ToString(CultureInfo.InvariantCulture)}) (i32.const {flags.ToString(CultureInfo.InvariantCulture)}))";

    private static (string Alias, string Interface, string Name, string Parameters, string Result) Method(string name, string parameters) =>
        (name, Types, $"[method]descriptor.{name}", parameters, "");
}
