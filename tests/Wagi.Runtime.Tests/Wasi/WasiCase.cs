using System.Text;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Tests.Wasi;

/// <summary>
/// A small guest that calls preview 1 functions, keeps what they return, and shows it with a window of its memory on stderr:
/// <c>$put</c> appends an i32 to the results at 1024; 2048 to 2560 is for what the functions write.
/// </summary>
internal static class WasiCase
{
    public static readonly string[] Arguments = ["prog", "a b", "ü", ""];
    public static readonly (string Name, string Value)[] Environment = [("A", "1"), ("EMPTY", ""), ("NAME", "zwei = 2 ß")];
    public const string Stdin = "hello from stdin";

    public static string Module(string body, string memory = "(memory (export \"memory\") 2)")
    {
        var module = new StringBuilder("(module ");
        foreach (var (_, name, parameters) in WasiSignatures.All)
        {
            var types = string.Join(' ', parameters.Select(letter => letter == 'I' ? "i64" : "i32"));
            module.Append($"(import \"wasi_snapshot_preview1\" \"{name}\" (func ${name} ");
            module.Append(types.Length > 0 ? $"(param {types}) " : "");
            module.Append(name == "proc_exit" ? "))\n" : "(result i32)))\n");
        }

        return module.Append(memory).Append($$"""
            (global $next (mut i32) (i32.const 1024))
            (data (i32.const 3072) "path\00\ff\fe text to write")
            (func $put (param i32)
              (i32.store (global.get $next) (local.get 0))
              (global.set $next (i32.add (global.get $next) (i32.const 4))))
            (func $iovec (param $at i32) (param $pointer i32) (param $length i32)
              (i32.store (local.get $at) (local.get $pointer))
              (i32.store offset=4 (local.get $at) (local.get $length)))
            (func $clock (param $at i32) (param $userdata i64) (param $id i32) (param $timeout i64) (param $flags i32)
              (i64.store (local.get $at) (local.get $userdata))
              (i64.store offset=8 (local.get $at) (i64.const 0))
              (i32.store offset=16 (local.get $at) (local.get $id))
              (i64.store offset=24 (local.get $at) (local.get $timeout))
              (i64.store offset=32 (local.get $at) (i64.const 0))
              (i32.store offset=40 (local.get $at) (local.get $flags)))
            (func $fd (param $at i32) (param $userdata i64) (param $tag i32) (param $fd i32)
              (i64.store (local.get $at) (local.get $userdata))
              (i64.store offset=8 (local.get $at) (i64.extend_i32_u (local.get $tag)))
              (i32.store offset=16 (local.get $at) (local.get $fd)))
            (func $show
              (call $iovec (i32.const 16) (i32.const 1024) (i32.const 1536))
              (drop (call $fd_write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 24))))
            (func (export "_start") (local $t i64)
              {{body}}
              (call $show)))
            """).ToString();
    }
}
