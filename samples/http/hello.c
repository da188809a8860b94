// A handler of wasi:http: the same component runs in any host that has wasi:http/proxy.
#include "http.h"

#define TEXT "Hello, world (version 1)\n"

HANDLER void handle(uint32_t request, uint32_t outparam)
{
    (void)request;
    uint32_t stream, result[3];
    uint32_t body = begin(outparam, "text/plain", 10, &stream);
    stream_write(stream, TEXT, sizeof TEXT - 1, result);
    end(body, stream);
}
