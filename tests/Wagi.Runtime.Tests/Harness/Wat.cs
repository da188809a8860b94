using System.Globalization;
using System.Text;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>Guests in WebAssembly text.</summary>
internal static class Wat
{
    public const string Imports = """
        (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        (memory (export "memory") 2)
        (global $printed (mut i32) (i32.const 1024))
        ;; Writes length bytes at pointer to descriptor fd; traps when that fails.
        (func $write (param $fd i32) (param $pointer i32) (param $length i32)
          (i32.store (i32.const 0) (local.get $pointer))
          (i32.store (i32.const 4) (local.get $length))
          (if (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable)))
        ;; Sleeps so many milliseconds.
        (func $sleep (param $milliseconds i32)
          (i64.store (i32.const 64) (i64.const 0))
          (i64.store (i32.const 72) (i64.const 0))
          (i64.store (i32.const 80) (i64.const 1))
          (i64.store (i32.const 88) (i64.mul (i64.extend_i32_u (local.get $milliseconds)) (i64.const 1000000)))
          (i64.store (i32.const 96) (i64.const 0))
          (i64.store (i32.const 104) (i64.const 0))
          (if (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 192)) (then unreachable)))
        """;

    /// <summary>A module with <see cref="Imports"/>, and <c>_start</c> with this body.</summary>
    public static string Start(string body, string more = "") =>
        $"(module {Imports} {more} (func (export \"_start\") (local $i i32) {body}))";

    /// <summary>Writes a text to a descriptor; several in one module need different addresses from 4096 on.</summary>
    public static (string Data, string Code) Print(string text, int address = 4096, int fd = 1) => (
        $"(data (i32.const {address}) \"{Escape(text)}\")",
        $"(call $write (i32.const {fd}) (i32.const {address}) (i32.const {Encoding.UTF8.GetByteCount(text)}))");

    /// <summary>A module that prints a text and ends.</summary>
    public static string Printing(string text)
    {
        var (data, code) = Print(text);
        return Start(code, data);
    }

    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            escaped.Append(CultureInfo.InvariantCulture, $"\\{b:x2}");
        }

        return escaped.ToString();
    }

    /// <summary>Prints its arguments, an empty line, its environment: each as it is, NULs included.</summary>
    public static string Dump { get; } = Start("""
        (call $write (i32.const 1) (i32.const 4096) (i32.const 26))
        (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
        (drop (call $args_get (i32.const 8192) (i32.const 16384)))
        (call $write (i32.const 1) (i32.const 16384) (i32.load (i32.const 20)))
        (call $write (i32.const 1) (i32.const 4200) (i32.const 1))
        (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
        (drop (call $environ_get (i32.const 8192) (i32.const 16384)))
        (call $write (i32.const 1) (i32.const 16384) (i32.load (i32.const 20)))
        """, "(data (i32.const 4096) \"content-type: text/plain\\0a\") (data (i32.const 4121) \"\\0a\") (data (i32.const 4200) \"\\0a\")");

    /// <summary>Answers with what it reads.</summary>
    public static string Echo { get; } = Start("""
        (call $write (i32.const 1) (i32.const 4096) (i32.const 40))
        (loop $again
          (i32.store (i32.const 0) (i32.const 16384))
          (i32.store (i32.const 4) (i32.const 65536))
          (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
          (local.set $i (i32.load (i32.const 8)))
          (if (local.get $i) (then
            (call $write (i32.const 1) (i32.const 16384) (local.get $i))
            (br $again))))
        """, "(data (i32.const 4096) \"content-type: application/octet-stream\\0a\\0a\")");
}
