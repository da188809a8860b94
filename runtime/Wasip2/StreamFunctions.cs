using System.Buffers;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.Wasip2;

/// <summary><c>wasi:io/streams</c> and <c>wasi:io/error</c>.</summary>
internal static class StreamFunctions
{
    private const string Streams = "wasi:io/streams";

    /// <summary>Bytes that are read at once, whatever a guest asks for.</summary>
    private const int Piece = 64 << 10;

    /// <summary>Bytes of zeroes at once: the host would be at it however long it takes, out of the deadline's reach.</summary>
    private const int MostZeroes = 64 << 10;

    private const byte Ok = 0;
    private const byte Failed = 1;
    private const byte LastOperationFailed = 0;
    private const byte StreamClosed = 1;

    private delegate void Action(in LoweredCall call, OutputStream stream);

    public static void AddTo(LoweredFunctions functions)
    {
        functions.AddDrop<IoError>("wasi:io/error", "error");
        functions.Add("wasi:io/error", "[method]error.to-debug-string", "ii", "", static (in call) =>
        {
            call.StoreText(call.U32(1), call.Resource<IoError>(0).Message);
            return 0;
        });

        functions.AddDrop<InputStream>(Streams, "input-stream");
        functions.AddDrop<OutputStream>(Streams, "output-stream");
        functions.Add(Streams, "[method]input-stream.read", "iIi", "", static (in call) => Read(call, mayWait: false));
        functions.Add(Streams, "[method]input-stream.blocking-read", "iIi", "", static (in call) => Read(call, mayWait: true));
        functions.Add(Streams, "[method]input-stream.skip", "iIi", "", static (in call) => Transfer(call, call.Resource<InputStream>(0), null, 1, mayWait: false));
        functions.Add(Streams, "[method]input-stream.blocking-skip", "iIi", "", static (in call) => Transfer(call, call.Resource<InputStream>(0), null, 1, mayWait: true));
        functions.Add(Streams, "[method]input-stream.subscribe", "i", "i", static (in call) => call.Own(call.Resource<InputStream>(0).Subscribe()));

        functions.Add(Streams, "[method]output-stream.check-write", "ii", "", CheckWrite);
        functions.Add(Streams, "[method]output-stream.write", "iiii", "", Write);
        functions.Add(Streams, "[method]output-stream.blocking-write-and-flush", "iiii", "", WriteAndFlush);
        functions.Add(Streams, "[method]output-stream.flush", "ii", "", Flush);
        functions.Add(Streams, "[method]output-stream.blocking-flush", "ii", "", Flush);
        functions.Add(Streams, "[method]output-stream.subscribe", "i", "i", static (in call) => call.Own(call.Resource<OutputStream>(0).Subscribe()));
        functions.Add(Streams, "[method]output-stream.write-zeroes", "iIi", "", WriteZeroes);
        functions.Add(Streams, "[method]output-stream.blocking-write-zeroes-and-flush", "iIi", "", WriteZeroes);
        functions.Add(Streams, "[method]output-stream.splice", "iiIi", "", static (in call) => Splice(call, mayWait: false));
        functions.Add(Streams, "[method]output-stream.blocking-splice", "iiIi", "", static (in call) => Splice(call, mayWait: true));
    }

    private static long Read(in LoweredCall call, bool mayWait)
    {
        const int Result = 2;
        var stream = call.Resource<InputStream>(0);
        var wanted = (int)Math.Min(call.U64(1), Piece);
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            var read = wanted == 0 ? 0 : stream.Read(call.Run, buffer.AsSpan(0, wanted), mayWait);
            if (read < 0)
            {
                return StoreError(call, call.U32(Result), 4, read == InputStream.Failed ? stream.Failure : null);
            }

            if (!call.Run.IsStopped)
            {
                call.Memory.WriteByte(call.U32(Result), Ok);
                call.Store(call.U32(Result) + 4, buffer.AsSpan(0, read));
            }

            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static long Splice(in LoweredCall call, bool mayWait)
    {
        var output = call.Resource<OutputStream>(0);
        return Transfer(call, call.Resource<InputStream>(1), output, 2, mayWait);
    }

    /// <summary>From one stream to another, or to nowhere; the length is an argument, and the result's address the next.</summary>
    private static long Transfer(in LoweredCall call, InputStream input, OutputStream? output, int length, bool mayWait)
    {
        var result = call.U32(length + 1);
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            if (output is { Failure: not null } or { IsClosed: true })
            {
                return StoreError(call, result, 8, output.Failure);
            }

            var wanted = (int)Math.Min(call.U64(length), Piece);
            if (output is not null && !mayWait)
            {
                wanted = Math.Min(wanted, output.Room);
            }

            var read = wanted == 0 ? 0 : input.Read(call.Run, buffer.AsSpan(0, wanted), mayWait);
            if (read < 0)
            {
                return StoreError(call, result, 8, read == InputStream.Failed ? input.Failure : null);
            }

            output?.Write(call.Run, buffer.AsSpan(0, read));
            call.Memory.WriteByte(result, Ok);
            call.Memory.WriteU64(result + 8, (ulong)read);
            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static long CheckWrite(in LoweredCall call)
    {
        var stream = call.Resource<OutputStream>(0);
        if (stream.Failure is not null || stream.IsClosed)
        {
            return StoreError(call, call.U32(1), 8, stream.Failure);
        }

        call.Memory.WriteByte(call.U32(1), Ok);
        call.Memory.WriteU64(call.U32(1) + 8, (ulong)stream.Room);
        return 0;
    }

    private static long Write(in LoweredCall call) => Change(call, 3, static (in call, stream) =>
    {
        var bytes = call.Bytes(1);
        RequireRoom(stream, (ulong)bytes.Length);
        stream.Write(call.Run, bytes);
    });

    private static long WriteAndFlush(in LoweredCall call) => Change(call, 3, static (in call, stream) => stream.Write(call.Run, call.Bytes(1)));

    private static long WriteZeroes(in LoweredCall call) => Change(call, 2, static (in call, stream) =>
    {
        var length = call.U64(1);
        if (length > MostZeroes)
        {
            throw new TrapException($"the component wrote {length} zeroes at once; the most is {MostZeroes}");
        }

        RequireRoom(stream, length);
        stream.Write(call.Run, new byte[length]);
    });

    /// <summary>To write more than <c>check-write</c> allows is a mistake of the guest's, which traps (<c>wasi:io/streams</c>, <c>write</c>).</summary>
    private static void RequireRoom(OutputStream stream, ulong length)
    {
        if (length > (ulong)stream.Room)
        {
            throw new TrapException($"the component wrote {length} bytes where check-write allows {stream.Room}");
        }
    }

    private static long Flush(in LoweredCall call) => Change(call, 1, static (in call, stream) =>
    {
        // What is written goes out when there is enough of it, after a tick, and before every wait.
    });

    /// <summary>An operation on an output stream without a result.</summary>
    private static long Change(in LoweredCall call, int result, Action action)
    {
        var stream = call.Resource<OutputStream>(0);
        if (stream.Failure is null && !stream.IsClosed)
        {
            action(call, stream);
        }

        if (stream.Failure is not null || stream.IsClosed)
        {
            return StoreError(call, call.U32(result), 4, stream.Failure);
        }

        call.Memory.WriteByte(call.U32(result), Ok);
        return 0;
    }

    /// <summary>An error, of the type <c>stream-error</c>.</summary>
    /// <param name="call">The call.</param>
    /// <param name="at">Where the result is.</param>
    /// <param name="payload">Where in it the error is.</param>
    /// <param name="failure">Null: the stream is closed.</param>
    private static long StoreError(in LoweredCall call, uint at, uint payload, IoError? failure)
    {
        call.Memory.WriteByte(at, Failed);
        call.Memory.WriteByte(at + payload, failure is null ? StreamClosed : LastOperationFailed);
        if (failure is not null)
        {
            call.Memory.WriteU32(at + payload + 4, call.Own(failure));
        }

        return 0;
    }
}
