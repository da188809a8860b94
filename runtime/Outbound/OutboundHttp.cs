using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;

namespace Wagi.Runtime.Outbound;

/// <summary>
/// The functions of <c>wasi_experimental_http</c> as a guest calls them: pointers in, error codes out. What a module may reach by them is
/// decided at each call.
/// </summary>
internal sealed unsafe class OutboundHttp : IHostFunctions
{
    /// <summary>The module that they are imported from.</summary>
    private const string Module = "wasi_experimental_http";

    /// <summary>Names and parameters: <c>i</c> is an i32. All return an <see cref="HttpError"/> as i32.</summary>
    private static readonly (HttpFunction Function, string Name, string Parameters)[] Signatures =
    [
        (HttpFunction.Request, "req", "iiiiiiiiii"),
        (HttpFunction.Close, "close", "i"),
        (HttpFunction.HeaderGet, "header_get", "iiiiii"),
        (HttpFunction.HeadersGetAll, "headers_get_all", "iiii"),
        (HttpFunction.BodyRead, "body_read", "iiii"),
    ];

    private enum HttpFunction
    {
        Request,
        Close,
        HeaderGet,
        HeadersGetAll,
        BodyRead,
    }

    /// <inheritdoc/>
    public string Description => $"outbound HTTP ({Module})";

    /// <inheritdoc/>
    public bool Offers(string module, string name, bool hasFiles) =>
        module == Module && Array.Exists(Signatures, signature => signature.Name == name);

    /// <inheritdoc/>
    public void Define(LinkerHandle linker, bool hasFiles)
    {
        foreach (var (function, name, parameters) in Signatures)
        {
            WasmLinker.Define(linker, Module, name, parameters, "i", &Call, (nint)function);
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Called by a guest; <paramref name="function"/> is the <see cref="HttpFunction"/>.</summary>
    [UnmanagedCallersOnly]
    private static nint Call(nint function, nint caller, RawValue* values, nuint count)
    {
        var call = new HostCall(caller, values, count);
        try
        {
            return call.Return((long)(call.FindMemory()
                ? Call((HttpFunction)function, call.Run, call.Memory, call.Arguments)
                : HttpError.MemoryNotFound));
        }
        catch (TrapException)
        {
            // Unlike WASI, this interface has a code for it.
            return call.Return((long)HttpError.MemoryAccessError);
        }
#pragma warning disable CA1031 // Whatever it is, it must not cross into native code.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return call.Fail(exception);
        }
    }

    private static HttpError Call(HttpFunction function, GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a) => function switch
    {
        HttpFunction.Request => Request(run, memory, a),
        HttpFunction.Close => Close(run, a[0].U32),
        HttpFunction.HeaderGet => HeaderGet(run, memory, a),
        HttpFunction.HeadersGetAll => HeadersGetAll(run, memory, a),
        HttpFunction.BodyRead => BodyRead(run, memory, a),
        _ => HttpError.RuntimeError,
    };

    private static HttpError Request(GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        // First where the answer goes: what cannot be told must not be sent either.
        var status = memory.Slice(a[8].U32, sizeof(ushort));
        var handle = memory.Slice(a[9].U32, sizeof(uint));
        var url = memory.Slice(a[0].U32, a[1].U32);
        var method = memory.Slice(a[2].U32, a[3].U32);
        var headers = memory.Slice(a[4].U32, a[5].U32);
        var body = memory.Slice(a[6].U32, a[7].U32);
        if (OutboundSessions.Of(run) is not { } sessions)
        {
            return HttpError.DestinationNotAllowed;
        }

        var error = sessions.Send(run, url, method, headers, body, out var opened, out var session);
        if (session is not null)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(status, session.Status);
            BinaryPrimitives.WriteUInt32LittleEndian(handle, opened);
        }

        return error;
    }

    /// <summary>Closing twice, or what was never open, does no harm.</summary>
    private static HttpError Close(GuestRun run, uint handle)
    {
        OutboundSessions.Of(run)?.Close(handle);
        return HttpError.Success;
    }

    private static HttpError HeaderGet(GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        if (OutboundSessions.Of(run)?.Find(a[0].U32) is not { } session)
        {
            return HttpError.InvalidHandle;
        }

        var utf8Name = memory.Slice(a[1].U32, a[2].U32);
        if (!HeaderLines.TryDecode(utf8Name, out var name))
        {
            return HttpError.Utf8Error;
        }

        return session.FindHeader(name) is { } value
            ? Write(memory, Encoding.Latin1.GetBytes(value), a[3..])
            : HttpError.HeaderNotFound;
    }

    private static HttpError HeadersGetAll(GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a) =>
        OutboundSessions.Of(run)?.Find(a[0].U32) is { } session
            ? Write(memory, HeaderLines.Format(session.Headers), a[1..])
            : HttpError.InvalidHandle;

    private static HttpError BodyRead(GuestRun run, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        if (OutboundSessions.Of(run)?.Find(a[0].U32) is not { } session)
        {
            return HttpError.InvalidHandle;
        }

        var buffer = memory.Slice(a[1].U32, a[2].U32);
        var written = memory.Slice(a[3].U32, sizeof(uint));
        var error = session.Read(run, buffer, out var count);
        if (error == HttpError.Success)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(written, (uint)count);
        }

        return error;
    }

    /// <param name="memory">The guest's memory.</param>
    /// <param name="bytes">What to write.</param>
    /// <param name="a">Where to: pointer and length of the buffer, and the pointer that receives the length.</param>
    private static HttpError Write(GuestMemory memory, ReadOnlySpan<byte> bytes, ReadOnlySpan<RawValue> a)
    {
        var buffer = memory.Slice(a[0].U32, a[1].U32);
        var written = memory.Slice(a[2].U32, sizeof(uint));
        if (bytes.Length > buffer.Length)
        {
            return HttpError.BufferTooSmall;
        }

        bytes.CopyTo(buffer);
        BinaryPrimitives.WriteUInt32LittleEndian(written, (uint)bytes.Length);
        return HttpError.Success;
    }
}

/// <summary>What the functions of <c>wasi_experimental_http</c> return: <c>http_error</c> of <c>wasi_experimental_http.witx</c>.</summary>
internal enum HttpError : uint
{
    Success = 0,

    /// <summary>There is no such response, or it has been closed.</summary>
    InvalidHandle = 1,

    /// <summary>The module does not export its memory as <c>memory</c>.</summary>
    MemoryNotFound = 2,

    /// <summary>A pointer leads out of the guest's memory.</summary>
    MemoryAccessError = 3,

    /// <summary>The buffer does not hold what was asked for; a larger one will.</summary>
    BufferTooSmall = 4,

    /// <summary>The response has no such header.</summary>
    HeaderNotFound = 5,

    /// <summary>A text that the guest handed over is not UTF-8.</summary>
    Utf8Error = 6,

    /// <summary>The URL, or the target of a redirect, is of no origin that <c>allowed_hosts</c> lists.</summary>
    DestinationNotAllowed = 7,

    /// <summary>The method is not a token (RFC 9110 §9.1), or it is CONNECT.</summary>
    InvalidMethod = 8,

    /// <summary>The header lines are not <c>name:value</c>, or hold characters that would break out of a header.</summary>
    InvalidEncoding = 9,

    /// <summary>The URL cannot be read, or is neither http nor https.</summary>
    InvalidUrl = 10,

    /// <summary>The request failed on its way: no connection, a broken or oversized answer, too many redirects, the time is up.</summary>
    RequestError = 11,

    /// <summary>The runtime itself failed; its log says how.</summary>
    RuntimeError = 12,

    /// <summary>The module has as many responses open as <c>http_max_concurrency</c> allows.</summary>
    TooManySessions = 13,
}
