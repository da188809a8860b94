using System.Globalization;
using System.Text;

namespace Wagi.Runtime.Tests.Harness;

/// <summary>
/// Writes a guest that calls <c>wasi_experimental_http</c> step by step. It prints one letter for the result of each call (A for 0,
/// B for error 1 and so on) and, after some calls, what it got.
/// </summary>
internal sealed class OutboundGuest
{
    /// <summary>A pointer that is outside of every guest's memory.</summary>
    public const uint OutOfBounds = 0xffff_0000;

    private const int StatusAt = 300;
    private const int HandleAt = 304;
    private const int WrittenAt = 308;
    private const int BufferAt = 65536;
    private const int BufferSize = 65536;

    private readonly StringBuilder _data = new();
    private readonly StringBuilder _code = new();
    private int _next = 4096;

    public const string Imports = """
        (import "wasi_experimental_http" "req" (func $req (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_experimental_http" "close" (func $close (param i32) (result i32)))
        (import "wasi_experimental_http" "header_get" (func $header_get (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_experimental_http" "headers_get_all" (func $headers_get_all (param i32 i32 i32 i32) (result i32)))
        (import "wasi_experimental_http" "body_read" (func $body_read (param i32 i32 i32 i32) (result i32)))
        """;

    /// <summary>The letter for an error.</summary>
    public static string Letter(int error) => ((char)('A' + error)).ToString();

    public OutboundGuest Request(
        string url, string method = "GET", string headers = "", string body = "", uint statusAt = StatusAt, uint handleAt = HandleAt) =>
        Print($"(call $req {Text(url)} {Text(method)} {Text(headers)} {Text(body)} {Const(statusAt)} {Const(handleAt)})");

    /// <summary>As <see cref="Request"/>, with bytes in place of text.</summary>
    public OutboundGuest RequestBytes(byte[] url, byte[] method, byte[] headers) =>
        Print($"(call $req {Bytes(url)} {Bytes(method)} {Bytes(headers)} {Text("")} {Const(StatusAt)} {Const(HandleAt)})");

    /// <summary>Prints the two bytes of the status code.</summary>
    public OutboundGuest Status() => Run($"(call $write (i32.const 1) {Const(StatusAt)} (i32.const 2))");

    public OutboundGuest HeaderGet(string name, int size = BufferSize, string handle = "(i32.load (i32.const 304))") =>
        Print($"(call $header_get {handle} {Text(name)} {Const(BufferAt)} (i32.const {size}) {Const(WrittenAt)})").Written();

    public OutboundGuest HeadersGetAll(int size = BufferSize, string handle = "(i32.load (i32.const 304))") =>
        Print($"(call $headers_get_all {handle} {Const(BufferAt)} (i32.const {size}) {Const(WrittenAt)})").Written();

    public OutboundGuest BodyRead(int size = BufferSize, uint at = BufferAt, string handle = "(i32.load (i32.const 304))") =>
        Print($"(call $body_read {handle} {Const(at)} (i32.const {size}) {Const(WrittenAt)})").Written();

    /// <summary>Reads the body to its end, or to an error, and prints it and the last code.</summary>
    public OutboundGuest ReadAll() => Run($"""
        (loop $more
          {Clear}
          (local.set $code (call $body_read (i32.load (i32.const {HandleAt})) {Const(BufferAt)} {Const(BufferSize)} {Const(WrittenAt)}))
          (call $written)
          (br_if $more (i32.load (i32.const {WrittenAt}))))
        (call $print (local.get $code))
        """);

    public OutboundGuest Close(string handle = "(i32.load (i32.const 304))") => Print($"(call $close {handle})");

    /// <summary>Code as it stands.</summary>
    public OutboundGuest Run(string code)
    {
        _code.AppendLine(code);
        return this;
    }

    /// <summary>The guest as WebAssembly text.</summary>
    public override string ToString() => $"""
        (module {Imports} {Wat.Imports}
          (func $written (if (i32.load (i32.const {WrittenAt})) (then
            (call $write (i32.const 1) {Const(BufferAt)} (i32.load (i32.const {WrittenAt}))))))
          (func $print (param $code i32)
            (i32.store8 (i32.const 320) (i32.add (local.get $code) (i32.const 65)))
            (call $write (i32.const 1) (i32.const 320) (i32.const 1)))
          (data (i32.const 1024) "content-type: application/octet-stream\0a\0a")
          {_data}
          (func (export "_start") (local $code i32)
            (call $write (i32.const 1) (i32.const 1024) (i32.const 40))
            {_code}))
        """;

    private static string Clear => $"(i32.store {Const(WrittenAt)} (i32.const 0))";

    private OutboundGuest Print(string call) => Run(Clear).Run($"(call $print {call})");

    private OutboundGuest Written() => Run("(call $written)");

    private string Text(string text) => Bytes(Encoding.UTF8.GetBytes(text));

    /// <summary>Puts bytes into the memory; gives pointer and length as two expressions.</summary>
    private string Bytes(byte[] bytes)
    {
        var address = _next;
        _next += bytes.Length;
        Assert.True(_next < BufferAt, "too much data for the guest");
        _data.Append(CultureInfo.InvariantCulture, $"(data (i32.const {address}) \"");
        foreach (var b in bytes)
        {
            _data.Append(CultureInfo.InvariantCulture, $"\\{b:x2}");
        }

        _data.AppendLine("\")");
        return $"{Const((uint)address)} (i32.const {bytes.Length})";
    }

    private static string Const(uint value) => $"(i32.const {value.ToString(CultureInfo.InvariantCulture)})";
}
