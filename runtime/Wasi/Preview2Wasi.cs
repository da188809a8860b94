using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Wasi;

/// <summary>
/// WASI preview 2 for a component with arguments, environment, standard streams, clocks and random numbers, and nothing else: there
/// are no directories, so that no file can be named, and every socket is refused. What a guest writes goes out as for
/// <see cref="StdioWasi"/>, and so does waiting obey the deadline.
/// </summary>
internal static class Preview2Wasi
{
    private const uint Stdout = 1;
    private const uint Stderr = 2;

    // A value is 32 bytes in Wasmtime's interface, and a byte of a list is a value: pieces that a cache can hold.
    private const int Piece = 16 << 10;
    private const ulong MaxRandom = 1 << 20;

    // What check-write answers.
    private const ulong MaxWrite = 64 << 10;

    /// <summary>Runs one function. Afterwards <see cref="GuestRun.IsStopped"/> tells whether the guest may go on.</summary>
    /// <exception cref="TrapException">The guest traps.</exception>
    public static void Call(Preview2Function function, GuestRun run, in ComponentCall call)
    {
        switch (function)
        {
            case Preview2Function.GetEnvironment:
                call.Return(Environment(run.Environment));
                break;
            case Preview2Function.GetArguments:
                call.Return(Arguments(run.Arguments));
                break;
            case Preview2Function.InitialCwd or Preview2Function.GetTerminal:
                call.Return(ComponentValue.None);
                break;
            case Preview2Function.Exit:
                run.Exit(call[0].IsOk ? 0 : 1);
                break;
            case Preview2Function.ExitWithCode:
                run.Exit(call[0].AsU8);
                break;
            case Preview2Function.GetStdin:
                call.Return(call.NewResource(run, Preview2Resource.InputStream));
                break;
            case Preview2Function.GetStdout:
                call.Return(call.NewResource(run, Preview2Resource.OutputStream, Stdout));
                break;
            case Preview2Function.GetStderr:
                call.Return(call.NewResource(run, Preview2Resource.OutputStream, Stderr));
                break;

            case Preview2Function.WallClockNow:
                call.Return(DateTime(System.DateTime.UtcNow - System.DateTime.UnixEpoch));
                break;
            case Preview2Function.WallClockResolution:
                call.Return(DateTime(TimeSpan.FromTicks(1)));
                break;
            case Preview2Function.MonotonicNow:
                call.Return(ComponentValue.U64(run.Monotonic));
                break;
            case Preview2Function.MonotonicResolution:
                call.Return(ComponentValue.U64(100));
                break;
            case Preview2Function.SubscribeInstant:
                Preview2Poll.Subscribe(run, call, call[0].AsU64);
                break;
            case Preview2Function.SubscribeDuration:
                var now = run.Monotonic;
                Preview2Poll.Subscribe(run, call, now + Math.Min(call[0].AsU64, ulong.MaxValue - now));
                break;

            case Preview2Function.GetRandomBytes:
                call.Return(RandomBytes(call[0].AsU64));
                break;
            case Preview2Function.GetRandomU64:
                call.Return(ComponentValue.U64(RandomU64()));
                break;
            case Preview2Function.InsecureSeed:
                call.Return(ComponentValue.Tuple(ComponentValue.U64(RandomU64()), ComponentValue.U64(RandomU64())));
                break;

            case Preview2Function.ErrorToDebugString:
                call.Representation(call[0], Preview2Resource.Error);
                call.Return(ComponentValue.Text("failed"u8));
                break;
            case Preview2Function.PollableReady:
                call.Return(ComponentValue.Bool(Preview2Poll.IsReady(run, call.Representation(call[0], Preview2Resource.Pollable))));
                break;
            case Preview2Function.PollableBlock:
                Preview2Poll.Wait(run, [call.Representation(call[0], Preview2Resource.Pollable)]);
                break;
            case Preview2Function.Poll:
                Preview2Poll.Poll(run, call);
                break;
            case Preview2Function.InputSubscribe:
                Preview2Poll.SubscribeStream(run, call, Preview2Resource.InputStream, Pollables.Input);
                break;
            case Preview2Function.OutputSubscribe:
                Preview2Poll.SubscribeStream(run, call, Preview2Resource.OutputStream, Pollables.Ready);
                break;

            case Preview2Function.Read or Preview2Function.BlockingRead:
                call.Representation(call[0], Preview2Resource.InputStream);
                Read(run, call, call[1].AsU64, MayWait(run, function == Preview2Function.BlockingRead));
                break;
            case Preview2Function.Skip or Preview2Function.BlockingSkip:
                call.Representation(call[0], Preview2Resource.InputStream);
                Transfer(run, call, call[1].AsU64, DiscardedOutput.Instance, MayWait(run, function == Preview2Function.BlockingSkip));
                break;
            case Preview2Function.CheckWrite:
                call.Representation(call[0], Preview2Resource.OutputStream);
                call.Return(ComponentValue.Ok(ComponentValue.U64(MaxWrite)));
                break;
            case Preview2Function.Write:
                Write(run, Output(run, call.Representation(call[0], Preview2Resource.OutputStream)), call[1].AsList);
                call.Return(ComponentValue.Ok());
                break;
            case Preview2Function.WriteZeroes:
                WriteZeroes(run, Output(run, call.Representation(call[0], Preview2Resource.OutputStream)), call[1].AsU64);
                call.Return(ComponentValue.Ok());
                break;
            case Preview2Function.Flush:
                // As for core modules: what is written goes out when there is enough of it, after a tick, and before every wait.
                call.Representation(call[0], Preview2Resource.OutputStream);
                call.Return(ComponentValue.Ok());
                break;
            case Preview2Function.Splice or Preview2Function.BlockingSplice:
                call.Representation(call[1], Preview2Resource.InputStream);
                Transfer(
                    run, call, call[2].AsU64, Output(run, call.Representation(call[0], Preview2Resource.OutputStream)),
                    MayWait(run, function == Preview2Function.BlockingSplice));
                break;

            case Preview2Function.GetDirectories:
                call.Return(ComponentValue.List());
                break;
            case Preview2Function.FilesystemErrorCode:
                call.Representation(call[0], Preview2Resource.Error);
                call.Return(ComponentValue.None);
                break;
            case Preview2Function.InstanceNetwork:
                call.Return(call.NewResource(run, Preview2Resource.Network));
                break;
            case Preview2Function.ResolveAddresses:
                call.Representation(call[0], Preview2Resource.Network);
                call.Return(ComponentValue.Error(ComponentValue.Enum("access-denied"u8)));
                break;
            case Preview2Function.CreateSocket:
                call.Return(ComponentValue.Error(ComponentValue.Enum("access-denied"u8)));
                break;

            default:
                throw new TrapException("the component called a function of WASI that is not offered");
        }
    }

    private static ComponentValue Environment(StringBlock variables)
    {
        var list = new ComponentValue[variables.Count];
        for (var i = 0; i < list.Length; i++)
        {
            var variable = variables[i];
            var equals = variable.IndexOf((byte)'=');
            list[i] = ComponentValue.Tuple(
                ComponentValue.Text(equals < 0 ? variable : variable[..equals]),
                ComponentValue.Text(equals < 0 ? default : variable[(equals + 1)..]));
        }

        return ComponentValue.List(list);
    }

    private static ComponentValue Arguments(StringBlock arguments)
    {
        var list = new ComponentValue[arguments.Count];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = ComponentValue.Text(arguments[i]);
        }

        return ComponentValue.List(list);
    }

    private static ComponentValue DateTime(TimeSpan time) => ComponentValue.Record(
        "seconds"u8, ComponentValue.U64((ulong)(time.Ticks / TimeSpan.TicksPerSecond)),
        "nanoseconds"u8, ComponentValue.U32((uint)(time.Ticks % TimeSpan.TicksPerSecond) * 100));

    private static ComponentValue RandomBytes(ulong length) => length <= MaxRandom
        ? ComponentValue.ByteList(RandomNumberGenerator.GetBytes((int)length))
        : throw new TrapException($"the component asked for {length} random bytes; the most is {MaxRandom}");

    private static ulong RandomU64()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private static IGuestOutput Output(GuestRun run, uint stream) => stream == Stderr ? run.Stderr : run.Stdout;

    /// <summary>Whether nothing read means the end of the input: unless the guest does not wait, and nothing has come yet.</summary>
    private static bool MayWait(GuestRun run, bool isBlocking) => isBlocking || run.IsStdinReady;

    private static void Read(GuestRun run, in ComponentCall call, ulong length, bool mayWait)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        var target = buffer.AsSpan(0, (int)Math.Min(length, Piece));
        var read = run.ReadStdin(target, mayWait);
        call.Return(read == 0 && target.Length > 0 && mayWait ? Closed() : ComponentValue.Ok(ComponentValue.ByteList(target[..read])));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>From standard input to an output: <c>splice</c>, and <c>skip</c> when nobody reads the output.</summary>
    private static void Transfer(GuestRun run, in ComponentCall call, ulong length, IGuestOutput output, bool mayWait)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        var target = buffer.AsSpan(0, (int)Math.Min(length, Piece));
        var read = run.ReadStdin(target, mayWait);
        Write(run, output, target[..read]);
        call.Return(read == 0 && target.Length > 0 && mayWait ? Closed() : ComponentValue.Ok(ComponentValue.U64((ulong)read)));
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static ComponentValue Closed() => ComponentValue.Error(ComponentValue.Case("closed"u8));

    private static void Write(GuestRun run, IGuestOutput output, ReadOnlySpan<ComponentValue> bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(Math.Max(bytes.Length, 1), Piece));
        while (!bytes.IsEmpty && !run.IsStopped)
        {
            var count = Math.Min(bytes.Length, buffer.Length);
            for (var i = 0; i < count; i++)
            {
                buffer[i] = bytes[i].AsU8;
            }

            Write(run, output, buffer.AsSpan(0, count));
            bytes = bytes[count..];
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private static void WriteZeroes(GuestRun run, IGuestOutput output, ulong length)
    {
        // The host would be at it however long it takes, out of the deadline's reach.
        if (length > MaxWrite)
        {
            throw new TrapException($"the component wrote {length} zeroes at once; the most is {MaxWrite}");
        }

        Span<byte> zeroes = stackalloc byte[1024];
        zeroes.Clear();
        while (length > 0 && !run.IsStopped)
        {
            var count = Math.Min(length, (ulong)zeroes.Length);
            Write(run, output, zeroes[..(int)count]);
            length -= count;
        }
    }

    private static void Write(GuestRun run, IGuestOutput output, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty && !output.Write(bytes))
        {
            run.Stop(GuestOutcome.OutputRefused);
        }
    }
}
