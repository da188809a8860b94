using System.Buffers.Binary;
using System.Text;
using Wagi.Runtime.Guests;
using Wagi.Runtime.Interop;
using Wagi.Runtime.Wasi;

namespace Wagi.Runtime.Outbound;

/// <summary>The functions of <c>wasi_experimental_http</c> as a guest calls them: pointers in, error codes out.</summary>
internal static class OutboundHttp
{
    /// <summary>
    /// Runs one function. Afterwards <see cref="GuestRun.IsStopped"/> tells whether the guest may go on. Parameters are in
    /// <paramref name="a"/>, as <see cref="HttpSignatures"/> describes them.
    /// </summary>
    /// <exception cref="GuestFaultException">A pointer leads out of the memory.</exception>
    public static HttpError Call(HttpFunction function, GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a) => function switch
    {
        HttpFunction.Request => Request(process, memory, a),
        HttpFunction.Close => Close(process, a[0].U32),
        HttpFunction.HeaderGet => HeaderGet(process, memory, a),
        HttpFunction.HeadersGetAll => HeadersGetAll(process, memory, a),
        HttpFunction.BodyRead => BodyRead(process, memory, a),
        _ => HttpError.RuntimeError,
    };

    private static HttpError Request(GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        // First where the answer goes: what cannot be told must not be sent either.
        var status = memory.Slice(a[8].U32, sizeof(ushort));
        var handle = memory.Slice(a[9].U32, sizeof(uint));
        var url = memory.Slice(a[0].U32, a[1].U32);
        var method = memory.Slice(a[2].U32, a[3].U32);
        var headers = memory.Slice(a[4].U32, a[5].U32);
        var body = memory.Slice(a[6].U32, a[7].U32);
        if (process.OutboundSessions is not { } sessions)
        {
            return HttpError.DestinationNotAllowed;
        }

        var error = sessions.Send(process, url, method, headers, body, out var opened, out var session);
        if (session is not null)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(status, session.Status);
            BinaryPrimitives.WriteUInt32LittleEndian(handle, opened);
        }

        return error;
    }

    /// <summary>Closing twice, or what was never open, does no harm.</summary>
    private static HttpError Close(GuestRun process, uint handle)
    {
        process.OutboundSessions?.Close(handle);
        return HttpError.Success;
    }

    private static HttpError HeaderGet(GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        if (process.OutboundSessions?.Find(a[0].U32) is not { } session)
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

    private static HttpError HeadersGetAll(GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a) =>
        process.OutboundSessions?.Find(a[0].U32) is { } session
            ? Write(memory, HeaderLines.Format(session.Headers), a[1..])
            : HttpError.InvalidHandle;

    private static HttpError BodyRead(GuestRun process, GuestMemory memory, ReadOnlySpan<RawValue> a)
    {
        if (process.OutboundSessions?.Find(a[0].U32) is not { } session)
        {
            return HttpError.InvalidHandle;
        }

        var buffer = memory.Slice(a[1].U32, a[2].U32);
        var written = memory.Slice(a[3].U32, sizeof(uint));
        var error = session.Read(process, buffer, out var count);
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
