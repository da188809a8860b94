using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Lowering;

namespace Wagi.Runtime.WasiHttp;

/// <summary><c>wasi:http/types.outgoing-response</c>.</summary>
internal sealed class OutgoingResponse(Fields headers) : Resource
{
    public Fields Headers => headers;

    public ushort Status { get; set; } = 200;

    /// <summary>The body; null: nobody has asked for it, and it is empty.</summary>
    public ResponseBody? Body { get; private set; }

    /// <summary>The body, for whoever writes it; null: it was handed out before.</summary>
    public OutgoingBody? TakeBody() => Body is null ? new OutgoingBody(Body = new ResponseBody()) : null;

    /// <inheritdoc/>
    public override void Release() => headers.Release();
}

/// <summary>The response, in <c>wasi:http/types</c>, and bodies that are sent.</summary>
internal static class ResponseFunctions
{
    public static void AddTo(LoweredFunctions functions)
    {
        const string Types = HttpTypes.Interface;
        functions.AddDrop<OutgoingResponse>(Types, "outgoing-response");
        functions.Add(Types, "[constructor]outgoing-response", "i", "i", static (in call) => call.Own(new OutgoingResponse(call.Take<Fields>(0).Freeze())));
        functions.Add(Types, "[method]outgoing-response.status-code", "i", "i", static (in call) => call.Resource<OutgoingResponse>(0).Status);
        functions.Add(Types, "[method]outgoing-response.set-status-code", "ii", "i", static (in call) =>
        {
            var response = call.Resource<OutgoingResponse>(0);
            var status = (ushort)call.U32(1);
            var isStatus = status is >= 100 and <= 999;
            response.Status = isStatus ? status : response.Status;
            return isStatus ? HttpTypes.Ok : HttpTypes.Error;
        });
        functions.Add(Types, "[method]outgoing-response.headers", "i", "i", static (in call) => call.Own(call.Resource<OutgoingResponse>(0).Headers));
        functions.Add(Types, "[method]outgoing-response.body", "ii", "", static (in call) =>
            HttpTypes.StoreHandle(call, 1, call.Resource<OutgoingResponse>(0).TakeBody()));

        functions.AddDrop<OutgoingBody>(Types, "outgoing-body");
        functions.Add(Types, "[method]outgoing-body.write", "ii", "", static (in call) =>
            HttpTypes.StoreHandle(call, 1, call.Resource<OutgoingBody>(0).TakeStream()));
        functions.Add(Types, "[static]outgoing-body.finish", "iiii", "", Finish);

        functions.AddDrop<ResponseOutparam>(Types, "response-outparam");
        functions.Add(Types, "[static]response-outparam.set", "iiiiIiiii", "", Set);
    }

    private static long Finish(in LoweredCall call)
    {
        var trailers = HttpTypes.HasValue(call, 1) ? call.Take<Fields>(2).Freeze().All : [];
        var error = call.Take<OutgoingBody>(0).Stream.Finish(call.Run, trailers);
        call.Memory.WriteByte(call.U32(3), error is null ? HttpTypes.Ok : HttpTypes.Error);
        error?.Store(call, call.U32(3) + ErrorCode.Alignment);
        return 0;
    }

    /// <summary>
    /// <c>param</c> and <c>result&lt;outgoing-response, error-code&gt;</c>: its case, and the handle of the response or the case of the error.
    /// </summary>
    private static long Set(in LoweredCall call)
    {
        var exchange = call.Take<ResponseOutparam>(0).Exchange;
        switch (call.U32(1))
        {
            case HttpTypes.Ok:
                Answer(call, exchange, call.Take<OutgoingResponse>(2));
                return 0;
            case HttpTypes.Error:
                throw new TrapException($"the component answered with the error {ErrorCode.NameOf(call.U32(2))}");
            case var other:
                throw new TrapException($"the component passed {other} for a result, which is neither ok (0) nor an error (1)");
        }
    }

    private static void Answer(in LoweredCall call, IHttpExchange exchange, OutgoingResponse response)
    {
        if (!exchange.Answer(response.Status, response.Headers.All, response.Body is not { IsWhole: false }))
        {
            call.Run.Stop(GuestOutcome.OutputRefused);
            return;
        }

        response.Body?.Begin(call.Run);
        response.Headers.Release();
    }
}
