#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "wasi_experimental_http.h"

// Sends the request on to the URL in the query (?url=http%3A%2F%2F...) and returns the answer: GET and POST alike.

static int fail(int status, const char *reason) {
    printf("Status: %d\nContent-Type: text/plain\n\n%s\n", status, reason);
    return EXIT_SUCCESS;
}

// Replaces %xx and + in place.
static void decode(char *text) {
    char *to = text;
    for (; *text != '\0'; text++, to++) {
        unsigned code;
        if (*text == '%' && sscanf(text + 1, "%2x", &code) == 1) {
            *to = (char)code;
            text += 2;
        } else {
            *to = *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
}

// Reads the request's body; the caller's buffer grows with it.
static char *read_body(size_t *length) {
    char *body = NULL;
    size_t size = 0;
    *length = 0;
    do {
        size = size == 0 ? 4096 : size * 2;
        body = realloc(body, size);
        if (body == NULL) {
            abort();
        }
        *length += fread(body + *length, 1, size - *length, stdin);
    } while (*length == size);
    return body;
}

int main(int argc, char **argv) {
    char *url = NULL;
    for (int i = 1; i < argc; i++) { // the query, split at '&'
        if (strncmp(argv[i], "url=", 4) == 0) {
            url = argv[i] + 4;
            decode(url);
        }
    }
    if (url == NULL) {
        return fail(400, "say which URL: ?url=https%3A%2F%2Fexample.com%2F");
    }

    const char *method = getenv("REQUEST_METHOD");
    char headers[512] = "";
    const char *type = getenv("CONTENT_TYPE");
    if (type != NULL && *type != '\0') {
        snprintf(headers, sizeof headers, "content-type:%s\n", type);
    }
    size_t length;
    char *body = read_body(&length);

    uint16_t status;
    uint32_t response;
    uint32_t error = http_request(url, strlen(url), method, strlen(method), headers, strlen(headers), body, length,
                                  &status, &response);
    if (error != 0) {
        char reason[128];
        snprintf(reason, sizeof reason, "outbound HTTP: %s (error %u)", http_errors[error], (unsigned)error);
        return fail(error == HTTP_DESTINATION_NOT_ALLOWED ? 403 : 502, reason);
    }

    char buffer[16 * 1024];
    uint32_t got;
    if (http_header(response, "content-type", 12, buffer, sizeof buffer, &got) != 0) {
        got = (uint32_t)snprintf(buffer, sizeof buffer, "application/octet-stream");
    }
    printf("Status: %d\nContent-Type: %.*s\n\n", status, (int)got, buffer);
    while ((error = http_read(response, buffer, sizeof buffer, &got)) == 0 && got > 0) {
        fwrite(buffer, 1, got, stdout);
    }
    if (error != 0) {
        abort(); // the status line is gone already: a trap cuts the answer off, so that it does not look whole
    }
    http_close(response);
    return EXIT_SUCCESS;
}
