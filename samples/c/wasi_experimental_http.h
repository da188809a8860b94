// Outbound HTTP: the functions of the import module wasi_experimental_http, which the runtime provides.
// Only origins that the module's allowed_hosts name can be reached. Every function returns 0 or one of these errors.
#pragma once
#include <stdint.h>

#define HTTP_IMPORT(name) __attribute__((import_module("wasi_experimental_http"), import_name(name)))

static const char *const http_errors[] = {
    "success", "invalid handle", "memory not found", "memory access error", "buffer too small", "header not found",
    "UTF-8 error", "destination not allowed", "invalid method", "invalid encoding", "invalid URL", "request error",
    "runtime error", "too many sessions",
};

enum { HTTP_DESTINATION_NOT_ALLOWED = 7 };

// Sends a request and waits for the response's header. `headers` are lines "name:value\n".
HTTP_IMPORT("req")
uint32_t http_request(const char *url, uint32_t url_length, const char *method, uint32_t method_length,
                      const char *headers, uint32_t headers_length, const char *body, uint32_t body_length,
                      uint16_t *status, uint32_t *response);

// The value of a response header, not terminated; *length receives how long it is.
HTTP_IMPORT("header_get")
uint32_t http_header(uint32_t response, const char *name, uint32_t name_length, char *buffer, uint32_t size,
                     uint32_t *length);

// All response headers as lines "name:value\n".
HTTP_IMPORT("headers_get_all")
uint32_t http_headers(uint32_t response, char *buffer, uint32_t size, uint32_t *length);

// The next piece of the response's body; 0 bytes read mean its end.
HTTP_IMPORT("body_read")
uint32_t http_read(uint32_t response, char *buffer, uint32_t size, uint32_t *length);

HTTP_IMPORT("close")
uint32_t http_close(uint32_t response);
