using Wagi.Runtime.Guests;
using Wagi.Runtime.Lowering;
using Wagi.Runtime.Wasip2;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/outgoing-handler</c>, and what belongs to it in <c>wasi:http/types</c>.</summary>
internal static class OutgoingFunctions
{
    private delegate bool Check(ReadOnlySpan<char> value);

    public static void AddTo(LoweredFunctions functions)
    {
        const string Types = HttpTypes.Interface;
        functions.AddDrop<OutgoingRequest>(Types, "outgoing-request");
        functions.Add(Types, "[constructor]outgoing-request", "i", "i", static (in call) => call.Own(new OutgoingRequest(call.Take<Fields>(0).Freeze())));
        functions.Add(Types, "[method]outgoing-request.body", "ii", "", static (in call) =>
            HttpTypes.StoreHandle(call, 1, call.Resource<OutgoingRequest>(0).TakeBody(call.Component)));
        functions.Add(Types, "[method]outgoing-request.method", "ii", "", static (in call) =>
            HttpTypes.StoreMethod(call, 1, call.Resource<OutgoingRequest>(0).Method));
        functions.Add(Types, "[method]outgoing-request.set-method", "iiii", "i", static (in call) =>
            Set(HttpTypes.Method(call, 1), HttpField.IsToken, call.Resource<OutgoingRequest>(0), static (request, method) => request.Method = method!));
        functions.Add(Types, "[method]outgoing-request.path-with-query", "ii", "", static (in call) =>
            HttpTypes.StoreOption(call, 1, call.Resource<OutgoingRequest>(0).PathWithQuery));
        functions.Add(Types, "[method]outgoing-request.set-path-with-query", "iiii", "i", static (in call) => Set(
            HttpTypes.HasValue(call, 1) ? call.Text(2) : null, static path => path.StartsWith('/') || path.StartsWith('?'),
            call.Resource<OutgoingRequest>(0), static (request, path) => request.PathWithQuery = path));
        functions.Add(Types, "[method]outgoing-request.scheme", "ii", "", static (in call) =>
            HttpTypes.StoreScheme(call, 1, call.Resource<OutgoingRequest>(0).Scheme));
        functions.Add(Types, "[method]outgoing-request.set-scheme", "iiiii", "i", static (in call) => Set(
            HttpTypes.HasValue(call, 1) ? HttpTypes.Scheme(call, 2) : null, HttpField.IsToken,
            call.Resource<OutgoingRequest>(0), static (request, scheme) => request.Scheme = scheme));
        functions.Add(Types, "[method]outgoing-request.authority", "ii", "", static (in call) =>
            HttpTypes.StoreOption(call, 1, call.Resource<OutgoingRequest>(0).Authority));
        functions.Add(Types, "[method]outgoing-request.set-authority", "iiii", "i", static (in call) => Set(
            HttpTypes.HasValue(call, 1) ? call.Text(2) : null, static authority => Uri.TryCreate($"http://{authority}", UriKind.Absolute, out _),
            call.Resource<OutgoingRequest>(0), static (request, authority) => request.Authority = authority));
        functions.Add(Types, "[method]outgoing-request.headers", "i", "i", static (in call) => call.Own(call.Resource<OutgoingRequest>(0).Headers));

        functions.AddDrop<RequestOptions>(Types, "request-options");
        functions.Add(Types, "[constructor]request-options", "", "i", static (in call) => call.Own(new RequestOptions()));
        AddOption(functions, "connect-timeout", static options => options.ConnectTimeout, static (options, value) => options.ConnectTimeout = value);
        AddOption(functions, "first-byte-timeout", static options => options.FirstByteTimeout, static (options, value) => options.FirstByteTimeout = value);
        AddOption(functions, "between-bytes-timeout", static options => options.BetweenBytesTimeout, static (options, value) => options.BetweenBytesTimeout = value);

        functions.Add("wasi:http/outgoing-handler", "handle", "iiii", "", Handle);

        functions.AddDrop<FutureResponse>(Types, "future-incoming-response");
        functions.Add(Types, "[method]future-incoming-response.subscribe", "i", "i", static (in call) =>
            call.Own(new TaskPollable(call.Resource<FutureResponse>(0).Exchange.Arrival)));
        functions.Add(Types, "[method]future-incoming-response.get", "ii", "", GetResponse);

        functions.AddDrop<IncomingResponse>(Types, "incoming-response");
        functions.Add(Types, "[method]incoming-response.status", "i", "i", static (in call) => call.Resource<IncomingResponse>(0).Status);
        functions.Add(Types, "[method]incoming-response.headers", "i", "i", static (in call) => call.Own(call.Resource<IncomingResponse>(0).Headers));
        functions.Add(Types, "[method]incoming-response.consume", "ii", "", static (in call) =>
            HttpTypes.StoreHandle(call, 1, call.Resource<IncomingResponse>(0).Consume()));
    }

    private static void AddOption(LoweredFunctions functions, string name, Func<RequestOptions, ulong?> get, Action<RequestOptions, ulong?> set)
    {
        functions.Add(HttpTypes.Interface, $"[method]request-options.{name}", "ii", "", (in call) =>
        {
            var value = get(call.Resource<RequestOptions>(0));
            call.Memory.WriteByte(call.U32(1), value is null ? (byte)0 : (byte)1);
            call.Memory.WriteU64(call.U32(1) + 8, value ?? 0);
            return 0;
        });
        functions.Add(HttpTypes.Interface, $"[method]request-options.set-{name}", "iiI", "i", (in call) =>
        {
            set(call.Resource<RequestOptions>(0), HttpTypes.HasValue(call, 1) ? call.U64(2) : null);
            return HttpTypes.Ok;
        });
    }

    /// <summary>Sets something to a value that is right, or to none.</summary>
    private static long Set(string? value, Check isRight, OutgoingRequest request, Action<OutgoingRequest, string?> set)
    {
        if (value is not null && !isRight(value))
        {
            return HttpTypes.Error;
        }

        set(request, value);
        return HttpTypes.Ok;
    }

    private static long Handle(in LoweredCall call)
    {
        var request = call.Take<OutgoingRequest>(0);
        var options = HttpTypes.HasValue(call, 1) ? call.Take<RequestOptions>(2) : null;
        var (exchange, error) = OutgoingExchange.Begin(call.Run, request, options);
        call.Memory.WriteByte(call.U32(3), error is null ? HttpTypes.Ok : HttpTypes.Error);
        if (exchange is not null)
        {
            request.Headers.Release();
            call.Memory.WriteU32(call.U32(3) + ErrorCode.Alignment, call.Own(new FutureResponse(exchange)));
        }
        else
        {
            request.Release();
            error!.Store(call, call.U32(3) + ErrorCode.Alignment);
        }

        return 0;
    }

    /// <summary><c>option&lt;result&lt;result&lt;incoming-response, error-code&gt;&gt;&gt;</c>.</summary>
    private static long GetResponse(in LoweredCall call)
    {
        var future = call.Resource<FutureResponse>(0);
        var at = call.U32(1);
        if (!FutureResult.Begin(call, at, future.IsTaken, future.IsTaken || future.Exchange.Arrival.IsCompleted))
        {
            return 0;
        }

        future.IsTaken = true;
        if (future.Exchange.Conclude(call.Run) is { } error)
        {
            future.Exchange.Release();
            return FutureResult.StoreError(call, at, error);
        }

        call.Memory.WriteU32(FutureResult.StoreOk(call, at), call.Own(new IncomingResponse(future.Exchange)));
        return 0;
    }
}
