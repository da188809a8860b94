// What a handler needs of wasi:http 0.2, in C: each function as the canonical ABI of the component model passes it, numbers and addresses.
// A result of more than one number is written to an array of the caller's: first whether it is an error, then the value.
#include <stddef.h>
#include <stdint.h>

#define IMPORT(interface, name) __attribute__((import_module(interface "@0.2.3"), import_name(name)))
#define TYPES(name) IMPORT("wasi:http/types", name)
#define STREAMS(name) IMPORT("wasi:io/streams", name)

TYPES("[constructor]fields") uint32_t fields_new(void);
TYPES("[method]fields.append") void fields_append(uint32_t fields, const char *name, size_t name_length, const char *value, size_t value_length, uint8_t result[2]);
TYPES("[constructor]outgoing-response") uint32_t response_new(uint32_t fields);
TYPES("[method]outgoing-response.body") void response_body(uint32_t response, uint32_t result[2]);
TYPES("[static]response-outparam.set") void answer(uint32_t outparam, uint32_t is_error, uint32_t response, uint32_t, uint64_t, uint32_t, uint32_t, uint32_t, uint32_t);
TYPES("[method]outgoing-body.write") void body_write(uint32_t body, uint32_t result[2]);
TYPES("[static]outgoing-body.finish") void body_finish(uint32_t body, uint32_t has_trailers, uint32_t trailers, uint64_t result[5]);
TYPES("[method]incoming-request.consume") void request_consume(uint32_t request, uint32_t result[2]);
TYPES("[method]incoming-body.stream") void body_stream(uint32_t body, uint32_t result[2]);
STREAMS("[method]input-stream.blocking-read") void stream_read(uint32_t stream, uint64_t most, uint32_t result[3]);
STREAMS("[method]output-stream.blocking-write-and-flush") void stream_write(uint32_t stream, const void *bytes, size_t length, uint32_t result[3]);
STREAMS("[resource-drop]output-stream") void output_drop(uint32_t stream);

#define HANDLER __attribute__((export_name("wasi:http/incoming-handler@0.2.3#handle")))

// Where the host puts lists and strings that it returns: from the start again when it is full, so that one is in use at a time.
static unsigned char heap[128 << 10];
static size_t used;

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t alignment, size_t size)
{
    (void)old, (void)old_size;
    used = (used + alignment - 1) & ~(alignment - 1);
    if (used + size > sizeof heap) used = 0;
    void *at = heap + used;
    used += size;
    return at;
}

// Begins the answer: 200, with this type. Returns its body, and where to write it.
static uint32_t begin(uint32_t outparam, const char *type, size_t type_length, uint32_t *stream)
{
    uint32_t result[2];
    uint32_t fields = fields_new();
    fields_append(fields, "content-type", 12, type, type_length, (uint8_t *)result);
    uint32_t response = response_new(fields);
    response_body(response, result);
    uint32_t body = result[1];
    answer(outparam, 0, response, 0, 0, 0, 0, 0, 0);
    body_write(body, result);
    *stream = result[1];
    return body;
}

// Ends it: without this it counts as broken off.
static void end(uint32_t body, uint32_t stream)
{
    uint64_t result[5];
    output_drop(stream);
    body_finish(body, 0, 0, result);
}
