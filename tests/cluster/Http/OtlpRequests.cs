using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Wagi.TestCluster.Http;

/// <summary>A span as a collector receives it. Ids in hexadecimal; <c>Parent</c> is empty for a root.</summary>
public sealed record OtlpSpan(
    string Service, string Trace, string Id, string Parent, string Name, int Kind, ulong Start, ulong End, int StatusCode, IReadOnlyDictionary<string, string> Attributes);

/// <summary>
/// Reads what an exporter sends by OTLP in binary protobuf (opentelemetry-proto 1.5), over HTTP or gRPC: as much of it as tests look at.
/// </summary>
public static class OtlpRequests
{
    private const string TraceService = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

    /// <summary>What gRPC writes before a message: a byte that says that it is not compressed, and its length in four.</summary>
    private const int GrpcPrefix = 5;

    /// <summary>Answers a call by gRPC with an empty message.</summary>
    public static async Task AnswerGrpcAsync(HttpContext context)
    {
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(new byte[GrpcPrefix], context.RequestAborted);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    /// <summary>The spans that a server has been sent.</summary>
    public static IReadOnlyList<OtlpSpan> Spans(TargetServer collector) =>
    [
        .. Messages(collector, "/v1/traces").Concat(Messages(collector, TraceService, GrpcPrefix)).SelectMany(request => request[1]).SelectMany(resource =>
        {
            var service = Attributes(resource.Message[1].Single().Message[1]).GetValueOrDefault("service.name", "");
            return resource.Message[2].SelectMany(scope => scope.Message[2]).Select(span => Span(service, span.Message));
        }),
    ];

    /// <summary>The names of the metrics that a server has been sent.</summary>
    public static IReadOnlySet<string> Metrics(TargetServer collector) => Messages(collector, "/v1/metrics")
        .SelectMany(request => request[1]).SelectMany(resource => resource.Message[2]).SelectMany(scope => scope.Message[2])
        .Select(metric => metric.Message[1].Single().Text).ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<ILookup<int, Value>> Messages(TargetServer collector, string path, int prefix = 0) =>
        collector.Requests.Where(request => request.Path == path).Select(request => new Value(Encoding.Latin1.GetBytes(request.Body[prefix..])).Message);

    private static OtlpSpan Span(string service, ILookup<int, Value> span) => new(
        service, Hex(span[1]), Hex(span[2]), Hex(span[4]), span[5].Single().Text, (int)span[6].Single().Number, span[7].Single().Number, span[8].Single().Number,
        (int)(span[15].SingleOrDefault()?.Message[3].SingleOrDefault()?.Number ?? 0), Attributes(span[9]));

    private static Dictionary<string, string> Attributes(IEnumerable<Value> pairs) => pairs.ToDictionary(
        pair => pair.Message[1].Single().Text,
        pair => pair.Message[2].Single().Message is var value && value[1].SingleOrDefault() is { } text
            ? text.Text
            : string.Join(',', value.SelectMany(field => field).Select(field => field.Number.ToString(CultureInfo.InvariantCulture))),
        StringComparer.Ordinal);

    private static string Hex(IEnumerable<Value> value) => Convert.ToHexStringLower(value.SingleOrDefault()?.Bytes ?? []);

    /// <summary>The value of a field: of one with a length its bytes, of others the number.</summary>
    private sealed record Value(byte[] Bytes, ulong Number = 0)
    {
        public string Text => Encoding.UTF8.GetString(Bytes);

        /// <summary>The fields of a message, by their numbers.</summary>
        public ILookup<int, Value> Message
        {
            get
            {
                var fields = new List<(int Field, Value Value)>();
                for (var rest = Bytes.AsSpan(); !rest.IsEmpty;)
                {
                    var key = Varint(ref rest);
                    var value = (key & 7) switch
                    {
                        0 => new Value([], Varint(ref rest)),
                        1 => new Value([], BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8))),
                        2 => new Value(Take(ref rest, (int)Varint(ref rest)).ToArray()),
                        5 => new Value([], BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4))),
                        var type => throw new FormatException($"wire type {type}"),
                    };
                    fields.Add(((int)(key >> 3), value));
                }

                return fields.ToLookup(pair => pair.Field, pair => pair.Value);
            }
        }

        private static Span<byte> Take(ref Span<byte> bytes, int count)
        {
            var taken = bytes[..count];
            bytes = bytes[count..];
            return taken;
        }

        private static ulong Varint(ref Span<byte> bytes)
        {
            var value = 0ul;
            for (var shift = 0; ; shift += 7)
            {
                var next = Take(ref bytes, 1)[0];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
