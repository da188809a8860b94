using System.Globalization;

namespace Wagi.Bench.Attacks;

/// <summary>What the attacker serves. A null text is a sample in C.</summary>
internal static class AttackModules
{
    public const string Spin = "spin";
    public const string Memory = "memory";
    public const string Flood = "flood";
    public const string Large = "large";
    public const string Echo = "echo";

    public static IReadOnlyList<(string Name, string? Text)> All { get; } =
    [
        // Computes until its time is up.
        (Spin, """(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"""),

        // Takes all memory that it may have, and touches every page of it.
        (Memory, """
            (module (memory (export "memory") 1)
              (func (export "_start") (local i32)
                (block (loop (br_if 1 (i32.eq (memory.grow (i32.const 16)) (i32.const -1))) (br 0)))
                (loop
                  (i32.store8 (local.get 0) (i32.const 1))
                  (local.set 0 (i32.add (local.get 0) (i32.const 4096)))
                  (br_if 0 (i32.lt_u (local.get 0) (i32.mul (memory.size) (i32.const 65536)))))))
            """),

        // Fills the log.
        (Flood, Writer(descriptor: 2, times: 1000)),

        // Answers with 64 MB.
        (Large, Writer(descriptor: 1, times: 1000)),
        (Echo, null),
    ];

    /// <summary>Writes 64 KiB of text again and again, to standard output after an empty header block.</summary>
    private static string Writer(int descriptor, int times) => string.Create(CultureInfo.InvariantCulture, $$"""
        (module
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 3)
          (data (i32.const 65536) "Content-Type: text/plain\n\n")
          (func (export "_start") (local i32)
            (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 26))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (memory.fill (i32.const 65536) (i32.const 120) (i32.const 65536))
            (loop
              (i32.store8 (i32.add (i32.const 65536) (i32.mul (local.get 0) (i32.const 64))) (i32.const 10))
              (local.set 0 (i32.add (local.get 0) (i32.const 1)))
              (br_if 0 (i32.lt_u (local.get 0) (i32.const 1024))))
            (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 65536))
            (local.set 0 (i32.const 0))
            (loop
              (drop (call $write (i32.const {{descriptor}}) (i32.const 0) (i32.const 1) (i32.const 8)))
              (local.set 0 (i32.add (local.get 0) (i32.const 1)))
              (br_if 0 (i32.lt_u (local.get 0) (i32.const {{times}}))))))
        """);
}
