using System.Text;
using Wagi.Runtime.Tests.Harness;

namespace Wagi.Runtime.Tests.Volumes;

/// <summary>Handlers in WebAssembly text that do one thing with descriptor 3, the first volume, and answer with the error code of WASI.</summary>
internal static class FileGuest
{
    public const string Done = "00";
    public const string NotPermitted = "63";

    private const string Imports = """
        (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_filestat_set_times" (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $fd_filestat_set_size (param i32 i64) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
        """;

    private const string Functions = """
        (data (i32.const 4096) "content-type: text/plain\0a\0a")
        (func $answer (param $errno i32)
          (call $write (i32.const 1) (i32.const 4096) (i32.const 26))
          (i32.store8 (i32.const 4200) (i32.add (i32.const 48) (i32.div_u (local.get $errno) (i32.const 10))))
          (i32.store8 (i32.const 4201) (i32.add (i32.const 48) (i32.rem_u (local.get $errno) (i32.const 10))))
          (call $write (i32.const 1) (i32.const 4200) (i32.const 2)))
        """;

    private const int FirstPath = 8192;
    private const int SecondPath = 12288;
    private const long ReadRights = (1 << 1) | (1 << 2) | (1 << 5);
    private const long WriteRights = 1 << 6;

    /// <summary>Answers with the error code, and behind <c>00</c> with what is in the file.</summary>
    public static string Reading(string path) => Module($"""
        (local.set $i {Open(path, follow: true, create: false, ReadRights)})
        (call $answer (local.get $i))
        (if (i32.eqz (local.get $i)) (then
          (loop $again
            (i32.store (i32.const 0) (i32.const 16384)) (i32.store (i32.const 4) (i32.const 65536))
            (if (call $fd_read (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
            (if (i32.load (i32.const 8)) (then
              (call $write (i32.const 1) (i32.const 16384) (i32.load (i32.const 8)))
              (br $again))))
          (if (call $fd_close (i32.load (i32.const 32))) (then unreachable))
          ;; Closed is closed: the number leads nowhere now.
          (if (i32.ne (call $fd_close (i32.load (i32.const 32))) (i32.const 8)) (then unreachable))))
        """, path);

    /// <summary>Opens a file for a number of times, and closes it each time or not; answers with the error code of the last.</summary>
    public static string Opening(string path, int times, bool closes) => Module($"""
        (local.set $i (i32.const {times}))
        (loop $more
          (i32.store (i32.const 40) {Open(path, follow: true, create: false, ReadRights)})
          {(closes ? "(if (call $fd_close (i32.load (i32.const 32))) (then unreachable))" : "")}
          (local.set $i (i32.sub (local.get $i) (i32.const 1)))
          (br_if $more (i32.and (i32.eqz (i32.load (i32.const 40))) (i32.ne (local.get $i) (i32.const 0)))))
        (call $answer (i32.load (i32.const 40)))
        """, path);

    /// <summary>Puts a file that holds what the request's body does; answers with the error code of opening it.</summary>
    public static string Writing(string path) => Module($"""
        (local.set $i {Open(path, follow: true, create: true, WriteRights)})
        (call $answer (local.get $i))
        (if (i32.eqz (local.get $i)) (then
          (loop $again
            (i32.store (i32.const 0) (i32.const 16384)) (i32.store (i32.const 4) (i32.const 65536))
            (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
            (if (i32.load (i32.const 8)) (then
              (call $write (i32.load (i32.const 32)) (i32.const 16384) (i32.load (i32.const 8)))
              (br $again))))))
        """, path);

    /// <summary>Opens a file and writes to the descriptor that stdout had before: whoever closes 1 gets it for the file.</summary>
    public static string WritingInPlaceOfStdout(string path) => Module($"""
        (call $answer (i32.const 0))
        (if (call $fd_close (i32.const 1)) (then unreachable))
        (if {Open(path, follow: true, create: true, WriteRights)} (then unreachable))
        (if (i32.ne (i32.load (i32.const 32)) (i32.const 1)) (then unreachable))
        (call $write (i32.const 1) (i32.const {FirstPath}) (i32.const {Encoding.UTF8.GetByteCount(path)}))
        """, path);

    /// <summary>Calls a function with <c>$1</c>, pointer and length of the first path, and <c>$2</c>, those of the second.</summary>
    public static string Calling(string call, string first, string second = "x")
    {
        var (one, two) = (
            $"(i32.const {FirstPath}) (i32.const {Encoding.UTF8.GetByteCount(first)})",
            $"(i32.const {SecondPath}) (i32.const {Encoding.UTF8.GetByteCount(second)})");
        return Module(
            $"(call $answer {call.Replace("$1", one, StringComparison.Ordinal).Replace("$2", two, StringComparison.Ordinal)})", first, second);
    }

    /// <summary>A handler with more freedom: the functions above, and <c>_start</c> with this body.</summary>
    public static string Module(string body, string first = "x", string second = "x") => Wat.Start(
        body,
        $"""
        {Functions}
        (data (i32.const {FirstPath}) "{Wat.Escape(first)}")
        (data (i32.const {SecondPath}) "{Wat.Escape(second)}")
        """).Replace("(module ", "(module " + Imports, StringComparison.Ordinal);

    private static string Open(string path, bool follow, bool create, long rights) =>
        $"(call $path_open (i32.const 3) (i32.const {(follow ? 1 : 0)}) (i32.const {FirstPath}) (i32.const {Encoding.UTF8.GetByteCount(path)})"
        + $" (i32.const {(create ? 0b1001 : 0)}) (i64.const {rights}) (i64.const 0) (i32.const 0) (i32.const 32))";
}
