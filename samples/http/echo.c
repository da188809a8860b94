// Answers with the body of the request, while it arrives.
#include "http.h"

HANDLER void handle(uint32_t request, uint32_t outparam)
{
    uint32_t stream, result[3];
    uint32_t body = begin(outparam, "application/octet-stream", 24, &stream);
    request_consume(request, result);
    body_stream(result[1], result);
    uint32_t input = result[1];
    for (;;) {
        stream_read(input, 64 << 10, result);
        if (result[0] & 1) break; // its end
        uint32_t written[3];
        stream_write(stream, (const void *)(uintptr_t)result[1], result[2], written);
    }
    end(body, stream);
}
