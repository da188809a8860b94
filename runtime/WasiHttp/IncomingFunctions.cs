using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary>What was received, in <c>wasi:http/types</c>: the request that is answered, and bodies with their trailers.</summary>
internal static class IncomingFunctions
{
    public static void AddTo(LoweredFunctions functions)
    {
        const string Types = HttpTypes.Interface;
        functions.AddDrop<IncomingRequest>(Types, "incoming-request");
        functions.Add(Types, "[method]incoming-request.method", "ii", "", static (in call) =>
            HttpTypes.StoreMethod(call, 1, call.Resource<IncomingRequest>(0).Exchange.Method));
        functions.Add(Types, "[method]incoming-request.path-with-query", "ii", "", static (in call) =>
            HttpTypes.StoreOption(call, 1, call.Resource<IncomingRequest>(0).Exchange.PathWithQuery));
        functions.Add(Types, "[method]incoming-request.scheme", "ii", "", static (in call) =>
            HttpTypes.StoreScheme(call, 1, call.Resource<IncomingRequest>(0).Exchange.Scheme));
        functions.Add(Types, "[method]incoming-request.authority", "ii", "", static (in call) =>
            HttpTypes.StoreOption(call, 1, call.Resource<IncomingRequest>(0).Exchange.Authority));
        functions.Add(Types, "[method]incoming-request.headers", "i", "i", static (in call) => call.Own(call.Resource<IncomingRequest>(0).Headers));
        functions.Add(Types, "[method]incoming-request.consume", "ii", "", static (in call) =>
            HttpTypes.StoreHandle(call, 1, call.Resource<IncomingRequest>(0).Consume()));

        functions.AddDrop<IncomingBody>(Types, "incoming-body");
        functions.Add(Types, "[method]incoming-body.stream", "ii", "", static (in call) =>
            HttpTypes.StoreHandle(call, 1, call.Resource<IncomingBody>(0).TakeStream()));
        functions.Add(Types, "[static]incoming-body.finish", "i", "i", static (in call) => call.Own(new FutureTrailers(call.Take<IncomingBody>(0).Source)));

        functions.AddDrop<FutureTrailers>(Types, "future-trailers");
        functions.Add(Types, "[method]future-trailers.subscribe", "i", "i", static (in call) => call.Own(new TrailersPollable(call.Resource<FutureTrailers>(0))));
        functions.Add(Types, "[method]future-trailers.get", "ii", "", GetTrailers);

        functions.Add(Types, "http-error-code", "ii", "", static (in call) =>
        {
            var code = (call.Resource<IoError>(0) as HttpIoError)?.Code;
            call.Memory.WriteByte(call.U32(1), code is null ? (byte)0 : (byte)1);
            code?.Store(call, call.U32(1) + ErrorCode.Alignment);
            return 0;
        });
    }

    /// <summary><c>option&lt;result&lt;result&lt;option&lt;trailers&gt;, error-code&gt;&gt;&gt;</c>.</summary>
    private static long GetTrailers(in LoweredCall call)
    {
        var trailers = call.Resource<FutureTrailers>(0);
        var at = call.U32(1);
        if (!FutureResult.Begin(call, at, trailers.IsTaken, trailers.IsTaken || trailers.IsReady(call.Run)))
        {
            return 0;
        }

        trailers.IsTaken = true;
        var (fields, error) = trailers.Source.Trailers(call.Run);
        if (error is not null)
        {
            return FutureResult.StoreError(call, at, error);
        }

        var received = new Fields(fields);
        var payload = FutureResult.StoreOk(call, at);
        call.Memory.WriteByte(payload, received.All.Count == 0 ? (byte)0 : (byte)1);
        if (received.All.Count > 0)
        {
            call.Memory.WriteU32(payload + 4, call.Own(received));
        }

        return 0;
    }
}

/// <summary>Why reading or writing a body has failed.</summary>
internal sealed class HttpIoError(ErrorCode code) : IoError(code.Detail ?? ErrorCode.NameOf((uint)code.Kind))
{
    public ErrorCode Code => code;
}

/// <summary><c>option&lt;result&lt;result&lt;T, error-code&gt;&gt;&gt;</c>: none while it is not there, and an error when it was asked for before.</summary>
internal static class FutureResult
{
    private const uint Outer = ErrorCode.Alignment;
    private const uint Inner = 2 * ErrorCode.Alignment;
    private const uint Payload = 3 * ErrorCode.Alignment;

    /// <summary>Whether there is a result to be written.</summary>
    public static bool Begin(in LoweredCall call, uint at, bool isTaken, bool isReady)
    {
        call.Memory.Struct(at, Payload + ErrorCode.Length, ErrorCode.Alignment).Clear();
        call.Memory.WriteByte(at, isReady ? (byte)1 : (byte)0);
        call.Memory.WriteByte(at + Outer, isTaken ? HttpTypes.Error : HttpTypes.Ok);
        return isReady && !isTaken;
    }

    /// <summary>It is right; the value is to be written where this says.</summary>
    public static uint StoreOk(in LoweredCall call, uint at)
    {
        call.Memory.WriteByte(at + Inner, HttpTypes.Ok);
        return at + Payload;
    }

    /// <summary>It is an error.</summary>
    public static long StoreError(in LoweredCall call, uint at, ErrorCode error)
    {
        call.Memory.WriteByte(at + Inner, HttpTypes.Error);
        error.Store(call, at + Payload);
        return 0;
    }
}
