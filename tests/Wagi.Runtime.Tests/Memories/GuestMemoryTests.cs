using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text;
using Wagi.Modules.Configuration;
using Wagi.Runtime.Compiling;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Memories;
using Wagi.Runtime.Outbound;
using Wagi.Runtime.Tests.Components;
using Wagi.Runtime.Tests.Harness;
using Wagi.Runtime.Worlds;

namespace Wagi.Runtime.Tests.Memories;

/// <summary>Whatever a guest does to its memory, the next one begins with zeros and what its module says, and reaches no further than it may.</summary>
[Collection(AloneCollection.Name)]
public sealed class GuestMemoryTests(Swap swap) : IClassFixture<Swap>
{
    /// <summary>
    /// A module that can stain its memory in several ways, each an entrypoint, and one that traps unless its memory is as a new one: zeros, also in
    /// what it grows, but for data in the second page, over the border of two pages, and at the very end.
    /// </summary>
    private static string Module(int pages = 4) => $$"""
        (module
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") {{pages}})
          (data (i32.const 5000) "\01\02\03\04\05\06\07\08")
          (data (i32.const 12284) "\01\02\03\04\05\06\07\08")
          (data (i32.const {{(pages * 65536) - 8}}) "\01\02\03\04\05\06\07\08")

          (func $zeros (param $i i32) (param $end i32)
            (loop $next
              (if (i32.lt_u (local.get $i) (local.get $end))
                (then
                  (if (i32.load (local.get $i)) (then unreachable))
                  (local.set $i (i32.add (local.get $i) (i32.const 4)))
                  (br $next)))))
          (func $word (param $at i32)
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0x0807060504030201)) (then unreachable)))
          (func (export "check") (local $end i32)
            (local.set $end (i32.const {{pages * 65536}}))
            (if (i32.ne (memory.size) (i32.const {{pages}})) (then unreachable))
            (call $zeros (i32.const 0) (i32.const 5000))
            (call $word (i32.const 5000))
            (call $zeros (i32.const 5008) (i32.const 12284))
            (call $word (i32.const 12284))
            (call $zeros (i32.const 12292) (i32.sub (local.get $end) (i32.const 8)))
            (call $word (i32.sub (local.get $end) (i32.const 8)))
            (if (i32.eq (memory.grow (i32.const 30)) (i32.const -1)) (then unreachable))
            (call $zeros (local.get $end) (i32.mul (memory.size) (i32.const 65536))))
          (func (export "beyond") (drop (i32.load8_u (i32.const {{pages * 65536}}))))

          (func $fill (export "fill") (memory.fill (i32.const 0) (i32.const 0xab) (i32.mul (memory.size) (i32.const 65536))))
          (func $grow (if (i32.eq (memory.grow (i32.const 20)) (i32.const -1)) (then unreachable)))
          (func (export "grow and fill") (call $grow) (call $fill))
          (func (export "grow, fill and trap") (call $grow) (call $fill) unreachable)
          (func (export "fill and write beyond") (call $fill) (i32.store8 (i32.const -1) (i32.const 1)))
          (func (export "fill for ever") (loop $again (call $fill) (br $again)))
          (func (export "fill until the client is gone") (loop $again (call $fill) (br $again)))
          (func (export "fill and exit") (call $fill) (call $exit (i32.const 3)))
          (func (export "host fills") (drop (call $random (i32.const 0) (i32.const 262144))))
          (func (export "fill and print all")
            (call $fill)
            (i32.store (i32.const 0) (i32.const 0))
            (i32.store (i32.const 4) (i32.const {{pages * 65536}}))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
          (func (export "data alone") (i64.store (i32.const 12284) (i64.const -1)))

          ;; A byte here and there: of the pages between, none is touched.
          (func (export "sprinkle") (local $i i32)
            (call $grow)
            (loop $next
              (i32.store8 (local.get $i) (i32.const 0xab))
              (local.set $i (i32.add (local.get $i) (i32.const 10007)))
              (br_if $next (i32.lt_u (local.get $i) (i32.mul (memory.size) (i32.const 65536)))))))
        """;

    public static TheoryData<GuestMemories> Ways => [GuestMemories.Automatic, GuestMemories.SlotsByReading, GuestMemories.Pool];

    /// <summary>How a guest stains its memory, and how that ends.</summary>
    public static TheoryData<GuestMemories, string, GuestOutcome> Stains
    {
        get
        {
            var data = new TheoryData<GuestMemories, string, GuestOutcome>();
            foreach (var way in new[] { GuestMemories.Automatic, GuestMemories.SlotsByReading, GuestMemories.Pool })
            {
                data.Add(way, "fill", GuestOutcome.Completed);
                data.Add(way, "grow and fill", GuestOutcome.Completed);
                data.Add(way, "grow, fill and trap", GuestOutcome.Trapped);
                data.Add(way, "fill and write beyond", GuestOutcome.Trapped);
                data.Add(way, "fill for ever", GuestOutcome.DeadlineExceeded);
                data.Add(way, "fill until the client is gone", GuestOutcome.Cancelled);
                data.Add(way, "fill and exit", GuestOutcome.Failed);
                data.Add(way, "host fills", GuestOutcome.Completed);
                data.Add(way, "data alone", GuestOutcome.Completed);
                data.Add(way, "sprinkle", GuestOutcome.Completed);
            }

            return data;
        }
    }

    /// <summary>
    /// A component one of whose modules grows the memory of another one, as adapters do: with an argument it grows by so many pages and stains all,
    /// with "beyond" it reads behind its memory, and without any it traps unless its memory is as a new one.
    /// </summary>
    private static string Component => ComponentText.Command("""
        (call $arguments (i32.const 8))
        (if (i32.eq (i32.load (i32.const 12)) (i32.const 1)) (then (call $stain (i32.const 3)) (return (i32.const 0))))
        (if (i32.eq (i32.load (i32.const 12)) (i32.const 2)) (then (call $stain (i32.const 40)) (return (i32.const 0))))
        (if (i32.eq (i32.load (i32.const 12)) (i32.const 3)) (then (drop (i32.load8_u (i32.const 131072))) (return (i32.const 0))))
        (if (i32.eq (i32.load (i32.const 12)) (i32.const 4)) (then (i32.store8 offset=65536 (i32.const 131071) (i32.const 1)) (return (i32.const 0))))
        (if (i32.eq (i32.load (i32.const 12)) (i32.const 5)) (then (call $write (call $stdout) (i32.const 131072) (i32.const 8)) (return (i32.const 0))))
        (if (i32.ne (memory.size) (i32.const 2)) (then unreachable))
        (call $zeros (i32.const 66560))
        (if (i32.ne (memory.grow (i32.const 30)) (i32.const 2)) (then unreachable))
        (call $zeros (i32.const 131072))
        (i32.const 0)
        """, """
        (func $zeros (param $i i32)
          (loop $next
            (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then unreachable))
            (local.set $i (i32.add (local.get $i) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $i) (i32.mul (memory.size) (i32.const 65536))))))
        (func $stain (param $pages i32)
          (drop (memory.grow (local.get $pages)))
          (memory.fill (i32.const 66560) (i32.const 0xab) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 66560))))
        """);

    private static readonly string[] Compiler = [Path.Combine(AppContext.BaseDirectory, "wagi")];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>With so little kept that both ways of clearing are in use, and with enough for all.</summary>
    private static GuestEngine Engine(GuestMemories way, int keep = 4 << 20) =>
        GuestEngines.Create(new GuestEngineOptions { MaxInstances = 32, ModuleShare = 100, Memories = way, KeepResident = keep });

    private static Guest Load(GuestEngine engine, string wat) => engine.Load(engine.Compile(Encoding.UTF8.GetBytes(wat)));

    private static GuestResult Run(Guest guest, string entrypoint, IGuestOutput? stdout = null) => guest.Run(
        new GuestRun
        {
            Timeout = entrypoint == "fill for ever" ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromSeconds(30),
            MemoryLimit = 64 << 20,
            Stdout = stdout ?? (entrypoint == "fill until the client is gone" ? new GoneClient(DiscardedOutput.Instance) : DiscardedOutput.Instance),
        },
        entrypoint);

    private static void AssertClean(Guest guest)
    {
        Assert.Equal(new GuestResult(GuestOutcome.Completed, 0, ""), Run(guest, "check"));
        Assert.Equal(GuestOutcome.Trapped, Run(guest, "beyond").Outcome);
    }

    [Theory]
    [MemberData(nameof(Stains))]
    public void NothingThatAGuestWrote_IsSeenByTheNext(GuestMemories way, string stain, GuestOutcome end)
    {
        foreach (var keep in new[] { 4 << 20, 256 << 10 })
        {
            using var engine = Engine(way, keep);
            using var guest = Load(engine, Module());
            for (var round = 0; round < 3; round++)
            {
                // Several at a time leave several slots.
                Parallel.For(0, 4, _ => Assert.Equal(end, Run(guest, stain).Outcome));
                Parallel.For(0, 4, _ => AssertClean(guest));
            }
        }
    }

    /// <summary>
    /// One slot and one thread, which after a few rounds makes no page faults any more: whatever comes after whatever, pages that only some of the
    /// guests reach are clean, though nobody looks for them.
    /// </summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void NothingIsSeen_InWhateverOrderGuestsWriteWithoutPageFaults(GuestMemories way)
    {
        var stains = new[] { "fill", "grow and fill", "grow, fill and trap", "host fills", "data alone", "sprinkle", "fill and exit" };
        var random = new Random(1);
        foreach (var keep in new[] { 4 << 20, 256 << 10 })
        {
            using var engine = Engine(way, keep);
            using var guest = Load(engine, Module());
            for (var round = 0; round < 300; round++)
            {
                for (var stain = random.Next(4); stain >= 0; stain--)
                {
                    Run(guest, stains[random.Next(stains.Length)]);
                }

                AssertClean(guest);
            }
        }
    }

    /// <summary>
    /// What a guest wrote is swapped out before it ends. In the first run the pages are looked for, in later ones those are made what they were that
    /// are known; a guest that writes to only some of them leaves the others where they are.
    /// </summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void NothingThatWasSwappedOut_IsSeenByTheNext(GuestMemories way)
    {
        Assert.SkipWhen(swap.WhyMissing is not null, swap.WhyMissing ?? "");
        foreach (var keep in new[] { 4 << 20, 128 << 10 })
        {
            using var engine = Engine(way, keep);
            using var guest = Load(engine, Module());
            for (var round = 0; round < 5; round++)
            {
                var client = new SwappingClient(swap);
                Assert.Equal(GuestOutcome.Completed, Run(guest, "fill and print all", client).Outcome);
                client.Failure?.Throw();
                Assert.Equal(4 * 65536, client.Swapped);
                if (round % 2 == 1)
                {
                    Assert.Equal(GuestOutcome.Completed, Run(guest, "data alone").Outcome);
                }

                AssertClean(guest);
            }
        }
    }

    /// <summary>Has what a guest writes swapped out of the guest's own memory.</summary>
    private sealed unsafe class SwappingClient(Swap swap) : IGuestOutput
    {
        /// <summary>How much that was, in bytes.</summary>
        public int Swapped { get; private set; }

        /// <summary>Why it was not; for the test, as no exception may go through the guest.</summary>
        public ExceptionDispatchInfo? Failure { get; private set; }

        public CancellationToken Aborted => CancellationToken.None;

        public bool Write(ReadOnlySpan<byte> bytes)
        {
            try
            {
                fixed (byte* memory = bytes)
                {
                    swap.PageOut(memory, (nuint)bytes.Length);
                }

                Swapped += bytes.Length;
            }
            catch (Exception failure)
            {
                Failure = ExceptionDispatchInfo.Capture(failure);
            }

            return true;
        }

        public bool Flush() => true;
    }

    /// <summary>What such a component has grown may stay open for the next run of it, whose code compares each address with its own memory.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void WhatAnAdapterHasGrown_IsClearedAndOutOfReach(GuestMemories way)
    {
        foreach (var keep in new[] { 4 << 20, 128 << 10 })
        {
            using var engine = Engine(way, keep);
            using var guest = Load(engine, Component);
            for (var round = 0; round < 3; round++)
            {
                foreach (var stain in new[] { 1, 2, 1 })
                {
                    Assert.Equal(new GuestResult(GuestOutcome.Completed, 0, ""), RunComponent(guest, stain));
                    foreach (var beyond in new[] { 3, 4, 5 })
                    {
                        var result = RunComponent(guest, beyond);
                        Assert.Equal(GuestOutcome.Trapped, result.Outcome);
                        Assert.Contains("out of bounds", result.Message, StringComparison.Ordinal);
                    }

                    Assert.Equal(new GuestResult(GuestOutcome.Completed, 0, ""), RunComponent(guest, 0));
                }
            }
        }
    }

    private static GuestResult RunComponent(Guest guest, int arguments)
    {
        var run = new GuestRun { Timeout = TimeSpan.FromSeconds(30), MemoryLimit = 64 << 20, Stdout = DiscardedOutput.Instance };
        for (var i = 0; i < arguments; i++)
        {
            run.Arguments.Add("x");
        }

        return guest.Run(run, null);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void NothingOfAModuleThatIsGone_IsSeenByAnother(GuestMemories way)
    {
        using var engine = Engine(way);
        foreach (var pages in new[] { 64, 4, 64, 1 })
        {
            using var guest = Load(engine, Module(pages));
            AssertClean(guest);
            Assert.Equal(GuestOutcome.Completed, Run(guest, "grow and fill").Outcome);
            AssertClean(guest);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task GuestsOfAllSizes_OnAllThreads_WhileProcessesStart_SeeNothingOfEachOther(GuestMemories way)
    {
        using var engine = Engine(way, keep: 256 << 10);
        var guests = new[] { 1, 2, 17, 64 }.Select(pages => Load(engine, Module(pages))).ToList();
        var stains = new[] { "fill", "grow and fill", "grow, fill and trap", "sprinkle", "data alone" };

        using var stopping = new CancellationTokenSource();
        var starting = Task.Run(async () =>
        {
            while (!stopping.IsCancellationRequested)
            {
                using var process = Process.Start("true");
                await process.WaitForExitAsync(Cancellation);
                using var compiler = new ModuleCompiler(Compiler, new CompilerLimits(), maxWaiting: 1);
                await compiler.CompileAsync("team", "(module)"u8.ToArray(), Preinitialization.None, Stream.Null, Cancellation);
            }
        }, Cancellation);
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var guest = guests[i * 7 % guests.Count];
            Run(guest, stains[i % stains.Length]);
            AssertClean(guest);
        });
        await stopping.CancelAsync();
        await starting;
        guests.ForEach(guest => guest.Dispose());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void MemoryBeyondItsLimit_CannotBeGrown_AndTheGuestGoesOn(GuestMemories way)
    {
        using var engine = Engine(way);
        using var guest = Load(engine, """
            (module (memory (export "memory") 1)
              (func (export "_start")
                (if (i32.ne (memory.grow (i32.const 1024)) (i32.const -1)) (then unreachable))
                (if (i32.ne (memory.grow (i32.const 1023)) (i32.const 1)) (then unreachable))
                (i64.store (i32.const 67108856) (i64.const 1))))
            """);

        Assert.Equal(new GuestResult(GuestOutcome.Completed, 0, ""), Run(guest, "_start"));
    }

    /// <summary>The file is mapped, and who has a module loaded has it open: so it can be deleted, by whoever trims the cache.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void ModuleOfAFile_RunsAfterTheFileIsDeleted_AndChangesNothingInIt(GuestMemories way)
    {
        var path = Path.GetTempFileName();
        using var engine = Engine(way);
        var code = engine.Compile(Encoding.UTF8.GetBytes(Module()));
        File.WriteAllBytes(path, code);

        using var guest = engine.LoadFile(path);
        Assert.Equal(GuestOutcome.Completed, Run(guest, "grow and fill").Outcome);
        Assert.Equal(code, File.ReadAllBytes(path));
        File.Delete(path);
        Parallel.For(0, 4, _ =>
        {
            AssertClean(guest);
            Assert.Equal(GuestOutcome.Completed, Run(guest, "fill").Outcome);
            AssertClean(guest);
        });
    }

    /// <summary>A guest that writes where one before it did needs nobody who looks, and one that writes elsewhere does.</summary>
    [Fact]
    public void PagesAreLookedFor_WhereThereWasAPageFault()
    {
        Assert.SkipWhen(!PageFaults.AreCounted, "the kernel counts no page faults");
        using var engine = Engine(GuestMemories.Automatic);
        Assert.SkipWhen(engine.OwnMemories is null, "the kernel shows no page map");
        using var guest = Load(engine, Module());
        for (var i = 0; i < 1000; i++)
        {
            Run(guest, "data alone");
        }

        // The thread may have a page fault of its own now and then.
        Assert.InRange(engine.OwnMemories.Looks, 1, 200);
        for (var i = 0; i < 100; i++)
        {
            var looks = engine.OwnMemories.Looks;
            engine.OwnMemories.Trim(TimeSpan.FromMilliseconds(-1));
            Run(guest, "fill");
            Assert.Equal(looks + 1, engine.OwnMemories.Looks);
        }
    }

    /// <summary>Many modules that are asked in turn: a cluster's, each with a request now and then.</summary>
    [Fact]
    public void EveryModule_KeepsItsSlot_ThoughThereAreMoreThanRequestsAtATime()
    {
        const int Modules = 300;
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 4 });
        Assert.SkipWhen(engine.OwnMemories is null, "the kernel shows no page map");
        var code = engine.Compile(Encoding.UTF8.GetBytes(Module(1)));
        var guests = Enumerable.Range(0, Modules).Select(_ => engine.Load(code)).ToList();
        try
        {
            for (var round = 0; round < 3; round++)
            {
                guests.ForEach(guest => Assert.Equal(GuestOutcome.Completed, Run(guest, "data alone").Outcome));
            }

            Assert.Equal(Modules, engine.OwnMemories.Idle);
            Assert.Equal(2 * Modules, engine.OwnMemories.InstancesTaken);
        }
        finally
        {
            guests.ForEach(guest => guest.Dispose());
        }

        Assert.Equal(0, engine.OwnMemories.Idle);
        Assert.Equal(0, engine.OwnMemories.Kept);
    }

    [Fact]
    public void SlotsThatHaveBeenIdleForLongest_MakeRoomForOthers()
    {
        const long Bound = 1 << 20;
        using var engine = GuestEngines.Create(new GuestEngineOptions { KeepResidentInAll = Bound });
        Assert.SkipWhen(engine.OwnMemories is null, "the kernel shows no page map");
        var code = engine.Compile(Encoding.UTF8.GetBytes(Module(1)));
        var guests = Enumerable.Range(0, 100).Select(_ => engine.Load(code)).ToList();
        foreach (var guest in guests)
        {
            Run(guest, "data alone");
            AssertKeeps(engine.OwnMemories, Bound);
        }

        // The last ones are still there.
        var taken = engine.OwnMemories.InstancesTaken;
        Run(guests[^1], "data alone");
        Run(guests[0], "data alone");
        Assert.Equal(taken + 1, engine.OwnMemories.InstancesTaken);
        guests.ForEach(guest => guest.Dispose());
    }

    [Fact]
    public void IdleSlots_AreGivenBack()
    {
        const long Bound = 16 << 20;
        using var engine = GuestEngines.Create(new GuestEngineOptions { MaxInstances = 32, ModuleShare = 100, KeepResidentInAll = Bound });
        Assert.SkipWhen(engine.OwnMemories is null, "the kernel shows no page map");
        var memories = engine.OwnMemories;

        // Each of them keeps 4 MiB, and what all keep together has a bound.
        var large = Enumerable.Range(0, 12).Select(_ => Load(engine, Module(64))).ToList();
        foreach (var guest in large)
        {
            Assert.Equal(GuestOutcome.Completed, Run(guest, "fill").Outcome);
            AssertKeeps(memories, Bound);
        }

        large.ForEach(guest => guest.Dispose());
        Assert.Equal(0, memories.Idle);

        // A module takes its slots with it, and those of others stay.
        using var one = Load(engine, Module(1));
        using var other = Load(engine, Module(1));
        Assert.Equal(GuestOutcome.Completed, Run(one, "data alone").Outcome);
        Assert.Equal(GuestOutcome.Completed, Run(other, "data alone").Outcome);
        Assert.Equal(2, memories.Idle);
        one.Dispose();
        Assert.Equal(1, memories.Idle);

        memories.Trim(TimeSpan.FromMilliseconds(-1));
        Assert.Equal(0, memories.Idle);
        AssertClean(other);
        other.Dispose();
        engine.Dispose();
        Assert.Equal(0, memories.Idle);
    }

    private static void AssertKeeps(LinearMemories memories, long bound)
    {
        Assert.InRange(memories.Kept, 1, 2 * bound);
        memories.Trim(TimeSpan.FromMinutes(1));
        Assert.InRange(memories.Kept, 1, bound);
    }
}
