using System.Text;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Components;

/// <summary>
/// Components in WebAssembly text: a command of WASI preview 2 around the body of a function. Its functions: <c>$write</c> (stream,
/// pointer, length; traps when that fails), <c>$read</c> (pointer, most; gives the length, 0 at the end), <c>$sleep</c> (milliseconds),
/// <c>$stdout</c>, <c>$stderr</c>, <c>$exit</c> (0 is success), <c>$now</c>.
/// </summary>
internal static class ComponentText
{
    private const string Interfaces = """
          (import "wasi:io/error@0.2.0" (instance $io-error (export "error" (type (sub resource)))))
          (alias export $io-error "error" (type $error))
          (import "wasi:io/poll@0.2.0" (instance $poll
            (export "pollable" (type $p (sub resource)))
            (export "[method]pollable.block" (func (param "self" (borrow $p))))
            (export "[method]pollable.ready" (func (param "self" (borrow $p)) (result bool)))
            (export "poll" (func (param "in" (list (borrow $p))) (result (list u32))))))
          (alias export $poll "pollable" (type $pollable))
          (import "wasi:io/streams@0.2.0" (instance $streams
            (alias outer 1 $error (type $outer-error))
            (export "error" (type $error (eq $outer-error)))
            (export "input-stream" (type $in (sub resource)))
            (export "output-stream" (type $out (sub resource)))
            (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
            (export "stream-error" (type $stream-error (eq $failure)))
            (export "[method]input-stream.blocking-read"
              (func (param "self" (borrow $in)) (param "len" u64) (result (result (list u8) (error $stream-error)))))
            (export "[method]output-stream.blocking-write-and-flush"
              (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $stream-error)))))
          ))
          (alias export $streams "input-stream" (type $input-stream))
          (alias export $streams "output-stream" (type $output-stream))
          (import "wasi:cli/stdin@0.2.1" (instance $stdin
            (alias outer 1 $input-stream (type $outer-in)) (export "input-stream" (type $in (eq $outer-in)))
            (export "get-stdin" (func (result (own $in))))))
          (import "wasi:cli/stdout@0.2.3" (instance $stdout
            (alias outer 1 $output-stream (type $outer-out)) (export "output-stream" (type $out (eq $outer-out)))
            (export "get-stdout" (func (result (own $out))))))
          (import "wasi:cli/stderr@0.2.12" (instance $stderr
            (alias outer 1 $output-stream (type $outer-out)) (export "output-stream" (type $out (eq $outer-out)))
            (export "get-stderr" (func (result (own $out))))))
          (import "wasi:cli/environment@0.2.0" (instance $environment
            (export "get-environment" (func (result (list (tuple string string)))))
            (export "get-arguments" (func (result (list string))))))
          (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
          (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
            (alias outer 1 $pollable (type $outer-pollable)) (export "pollable" (type $p (eq $outer-pollable)))
            (export "now" (func (result u64)))
            (export "subscribe-duration" (func (param "when" u64) (result (own $p))))))
          (import "wasi:random/random@0.2.0" (instance $random
            (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
        """;

    private const string Lowered = """
          (core module $libc
            (memory (export "memory") 2)
            (global $free (mut i32) (i32.const 65536))
            ;; Bump allocation, and it starts over for every list that the host returns: one is in use at a time.
            (func (export "realloc") (param i32 i32 i32 i32) (result i32)
              (if (i32.gt_u (i32.add (global.get $free) (local.get 3)) (i32.const 131072)) (then (global.set $free (i32.const 65536))))
              (global.get $free)
              (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -16)))))
          (core instance $libc (instantiate $libc))
          (alias core export $libc "memory" (core memory $memory))
          (alias core export $libc "realloc" (core func $realloc))
          (core func $read (canon lower (func $streams "[method]input-stream.blocking-read") (memory (core memory $memory)) (realloc (core func $realloc))))
          (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $memory))))
          (core func $get-stdin (canon lower (func $stdin "get-stdin")))
          (core func $get-stdout (canon lower (func $stdout "get-stdout")))
          (core func $get-stderr (canon lower (func $stderr "get-stderr")))
          (core func $environment (canon lower (func $environment "get-environment") (memory (core memory $memory)) (realloc (core func $realloc))))
          (core func $arguments (canon lower (func $environment "get-arguments") (memory (core memory $memory)) (realloc (core func $realloc))))
          (core func $exit (canon lower (func $exit "exit")))
          (core func $now (canon lower (func $clock "now")))
          (core func $subscribe (canon lower (func $clock "subscribe-duration")))
          (core func $block (canon lower (func $poll "[method]pollable.block")))
          (core func $ready (canon lower (func $poll "[method]pollable.ready")))
          (core func $poll (canon lower (func $poll "poll") (memory (core memory $memory)) (realloc (core func $realloc))))
          (core func $drop-pollable (canon resource.drop $pollable))
          (core func $random (canon lower (func $random "get-random-bytes") (memory (core memory $memory)) (realloc (core func $realloc))))
        """;

    private const string Functions = """
            (import "libc" "memory" (memory 2))
            (import "wasi" "read" (func $read-stream (param i32 i64 i32)))
            (import "wasi" "write" (func $write-stream (param i32 i32 i32 i32)))
            (import "wasi" "get-stdin" (func $get-stdin (result i32)))
            (import "wasi" "get-stdout" (func $stdout (result i32)))
            (import "wasi" "get-stderr" (func $stderr (result i32)))
            (import "wasi" "environment" (func $environment (param i32)))
            (import "wasi" "arguments" (func $arguments (param i32)))
            (import "wasi" "exit" (func $exit (param i32)))
            (import "wasi" "now" (func $now (result i64)))
            (import "wasi" "subscribe" (func $subscribe (param i64) (result i32)))
            (import "wasi" "block" (func $block (param i32)))
            (import "wasi" "ready" (func $ready (param i32) (result i32)))
            (import "wasi" "poll" (func $poll (param i32 i32 i32)))
            (import "wasi" "drop-pollable" (func $drop (param i32)))
            (import "wasi" "random" (func $random (param i64 i32)))
            (global $in (mut i32) (i32.const -1))
            (func $write (param $stream i32) (param $pointer i32) (param $length i32)
              (call $write-stream (local.get $stream) (local.get $pointer) (local.get $length) (i32.const 0))
              (if (i32.load8_u (i32.const 0)) (then unreachable)))
            (func $read (param $pointer i32) (param $most i32) (result i32)
              (if (i32.eq (global.get $in) (i32.const -1)) (then (global.set $in (call $get-stdin))))
              (call $read-stream (global.get $in) (i64.extend_i32_u (local.get $most)) (i32.const 0))
              (if (i32.load8_u (i32.const 0)) (then
                (if (i32.ne (i32.load8_u (i32.const 4)) (i32.const 1)) (then unreachable)) ;; closed
                (return (i32.const 0))))
              (memory.copy (local.get $pointer) (i32.load (i32.const 4)) (i32.load (i32.const 8)))
              (i32.load (i32.const 8)))
            (func $sleep (param $milliseconds i64) (local $p i32)
              (local.set $p (call $subscribe (i64.mul (local.get $milliseconds) (i64.const 1000000))))
              (call $block (local.get $p))
              (call $drop (local.get $p)))
        """;

    /// <summary>A command with this body, which ends with 0 for success or 1, and more beside it in its module.</summary>
    public static string Command(string body, string more = "") => $"""
        (component
        {Interfaces}
        {Lowered}
          (core module $main
        {Functions}
            {more}
            (func (export "run") (result i32) (local $i i32) (local $out i32) {body}))
          (core instance $main (instantiate $main
            (with "libc" (instance $libc))
            (with "wasi" (instance
              (export "read" (func $read)) (export "write" (func $write)) (export "get-stdin" (func $get-stdin))
              (export "get-stdout" (func $get-stdout)) (export "get-stderr" (func $get-stderr)) (export "exit" (func $exit))
              (export "environment" (func $environment)) (export "arguments" (func $arguments))
              (export "now" (func $now)) (export "subscribe" (func $subscribe)) (export "block" (func $block))
              (export "ready" (func $ready)) (export "poll" (func $poll)) (export "drop-pollable" (func $drop-pollable))
              (export "random" (func $random))))))
          (func $run (result (result)) (canon lift (core func $main "run")))
          (instance $run (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $run)))
        """;

    /// <summary>Writes a text to a stream; several in one component need different addresses from 4096 on.</summary>
    public static (string Data, string Code) Print(string text, int address = 4096, string stream = "$stdout") => (
        $"(data (i32.const {address}) \"{Wat.Escape(text)}\")",
        $"(call $write (call {stream}) (i32.const {address}) (i32.const {Encoding.UTF8.GetByteCount(text)}))");

    /// <summary>A command that prints a text and succeeds.</summary>
    public static string Printing(string text)
    {
        var (data, code) = Print(text);
        return Command(code + " (i32.const 0)", data);
    }

    /// <summary>A command that has another component greet somebody by a name: each has a memory of its own, and strings go from one to the other.</summary>
    /// <param name="pages">Pages that the memory of the other one has.</param>
    public static string Composed(string name, int pages = 1) => Command(
            $"""
            (call $greet (i32.const 4096) (i32.const {Encoding.UTF8.GetByteCount(name)}) (i32.const 8))
            (call $write (call $stdout) (i32.load (i32.const 8)) (i32.load (i32.const 12)))
            (i32.const 0)
            """,
            $"(data (i32.const 4096) \"{Wat.Escape(name)}\")")
        .Replace(
            "  (core module $main\n",
            $"""
              (component $words
                (core module $words
                  (memory (export "memory") {pages})
                  (data (i32.const 2048) "content-type: text/plain\0a\0aHello, ")
                  (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
                  (func (export "greet") (param $name i32) (param $length i32) (result i32)
                    (memory.copy (i32.const 2081) (local.get $name) (local.get $length))
                    (i32.store (i32.const 0) (i32.const 2048))
                    (i32.store (i32.const 4) (i32.add (i32.const 33) (local.get $length)))
                    (i32.const 0)))
                (core instance $words (instantiate $words))
                (alias core export $words "memory" (core memory $memory))
                (alias core export $words "realloc" (core func $realloc))
                (func (export "greet") (param "name" string) (result string)
                  (canon lift (core func $words "greet") (memory (core memory $memory)) (realloc (core func $realloc)))))
              (instance $words (instantiate $words))
              (core func $greet (canon lower (func $words "greet") (memory (core memory $memory)) (realloc (core func $realloc))))
              (core module $main

            """,
            StringComparison.Ordinal)
        .Replace("    (import \"libc\" \"memory\"", "    (import \"words\" \"greet\" (func $greet (param i32 i32 i32)))\n    (import \"libc\" \"memory\"", StringComparison.Ordinal)
        .Replace("(with \"libc\" ", "(with \"words\" (instance (export \"greet\" (func $greet)))) (with \"libc\" ", StringComparison.Ordinal);

    /// <summary>Prints its arguments, an empty line, and its environment, as <c>Wat.Dump</c> does: NULs behind each.</summary>
    public static string Dump { get; } = Command("""
        (local.set $out (call $stdout))
        (call $write (local.get $out) (i32.const 4096) (i32.const 26))
        (call $arguments (i32.const 8))
        (local.set $i (i32.load (i32.const 8)))
        (loop $next (if (i32.load (i32.const 12)) (then
          (call $write (local.get $out) (i32.load (local.get $i)) (i32.load offset=4 (local.get $i)))
          (call $write (local.get $out) (i32.const 4300) (i32.const 1))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (i32.store (i32.const 12) (i32.sub (i32.load (i32.const 12)) (i32.const 1)))
          (br $next))))
        (call $write (local.get $out) (i32.const 4200) (i32.const 1))
        (call $environment (i32.const 8))
        (local.set $i (i32.load (i32.const 8)))
        (loop $next (if (i32.load (i32.const 12)) (then
          (call $write (local.get $out) (i32.load (local.get $i)) (i32.load offset=4 (local.get $i)))
          (call $write (local.get $out) (i32.const 4201) (i32.const 1))
          (call $write (local.get $out) (i32.load offset=8 (local.get $i)) (i32.load offset=12 (local.get $i)))
          (call $write (local.get $out) (i32.const 4300) (i32.const 1))
          (local.set $i (i32.add (local.get $i) (i32.const 16)))
          (i32.store (i32.const 12) (i32.sub (i32.load (i32.const 12)) (i32.const 1)))
          (br $next))))
        (i32.const 0)
        """, "(data (i32.const 4096) \"content-type: text/plain\\0a\\0a\") (data (i32.const 4200) \"\\0a=\") (data (i32.const 4300) \"\\00\")");

    /// <summary>Answers with what it reads, in pieces of 4 KiB.</summary>
    public static string Echo { get; } = Command("""
        (local.set $out (call $stdout))
        (call $write (local.get $out) (i32.const 4096) (i32.const 40))
        (loop $again
          (local.set $i (call $read (i32.const 16384) (i32.const 4096)))
          (if (local.get $i) (then
            (call $write (local.get $out) (i32.const 16384) (local.get $i))
            (br $again))))
        (i32.const 0)
        """, "(data (i32.const 4096) \"content-type: application/octet-stream\\0a\\0a\")");
}
