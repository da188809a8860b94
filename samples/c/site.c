#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

// Serves the files in /site: files = [{ reference = "oci://REGISTRY/site:v1", path = "/site" }].

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static int answer(const char *status, const char *headers) {
    printf("Status: %s\n%sContent-Type: text/plain\n\n%s\n", status, headers, status);
    return EXIT_SUCCESS;
}

static const char *type_of(const char *path) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"}, {".css", "text/css; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"}, {".svg", "image/svg+xml"}, {".png", "image/png"}, {".jpg", "image/jpeg"}, {".webp", "image/webp"},
        {".ico", "image/x-icon"}, {".woff2", "font/woff2"}, {".wasm", "application/wasm"}, {".txt", "text/plain; charset=utf-8"},
        {".xml", "application/xml"}, {".pdf", "application/pdf"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++) {
        if (strcasecmp(dot, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

static FILE *open_file(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) ? fopen(path, "rb") : NULL;
}

// Whether a coding is named in Accept-Encoding and not with q=0 (RFC 9110 §12.5.3).
static int accepts(const char *coding) {
    char list[512];
    snprintf(list, sizeof list, "%s", variable("HTTP_ACCEPT_ENCODING"));
    for (char *rest = NULL, *item = strtok_r(list, ",", &rest); item != NULL; item = strtok_r(NULL, ",", &rest)) {
        item += strspn(item, " \t");
        size_t length = strcspn(item, "; \t");
        if (length == strlen(coding) && strncasecmp(item, coding, length) == 0) {
            const char *q = strstr(item, "q=");
            return q == NULL || strtod(q + 2, NULL) > 0;
        }
    }
    return 0;
}

// A hash (FNV-1a) of all bytes, and how many they are: times say nothing, for artifacts have none.
static void tag_of(FILE *file, char *tag, size_t size, long *length) {
    uint64_t hash = 14695981039346656037ULL;
    unsigned char buffer[16 * 1024];
    size_t got;
    *length = 0;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0) {
        *length += (long)got;
        for (size_t i = 0; i < got; i++) {
            hash = (hash ^ buffer[i]) * 1099511628211ULL;
        }
    }
    snprintf(tag, size, "\"%lx-%016llx\"", *length, (unsigned long long)hash);
}

// One range of bytes (RFC 9110 §14.1.2). 1: it is taken, 0: there is none to be taken, -1: it cannot be satisfied.
static int range_of(const char *tag, long length, long *first, long *last) {
    const char *range = variable("HTTP_RANGE");
    const char *condition = variable("HTTP_IF_RANGE");
    if (strncmp(range, "bytes=", 6) != 0 || strchr(range, ',') != NULL || (*condition != '\0' && strcmp(condition, tag) != 0)) {
        return 0;
    }
    range += 6;
    char *end;
    if (*range == '-') {
        long suffix = strtol(range + 1, &end, 10);
        if (end == range + 1 || *end != '\0' || suffix < 0) {
            return 0;
        }
        *first = suffix < length ? length - suffix : 0;
        *last = length - 1;
        return suffix > 0 && length > 0 ? 1 : -1;
    }
    *first = strtol(range, &end, 10);
    if (end == range || *end != '-') {
        return 0;
    }
    const char *to = end + 1;
    *last = *to == '\0' ? length - 1 : strtol(to, &end, 10);
    if ((*to != '\0' && *end != '\0') || *first < 0 || (*to != '\0' && *last < *first)) {
        return 0;
    }
    *last = *last < length ? *last : length - 1;
    return *first < length ? 1 : -1;
}

int main(void) {
    const char *method = variable("REQUEST_METHOD");
    int is_head = strcmp(method, "HEAD") == 0;
    if (!is_head && strcmp(method, "GET") != 0) {
        return answer("405 Method Not Allowed", "Allow: GET, HEAD\n");
    }

    char path[1024], variant[1040];
    const char *asked = variable("PATH_INFO");
    size_t length = strlen(asked);
    if (snprintf(path, sizeof path, "/site%s%s", asked, length == 0 || asked[length - 1] == '/' ? "/index.html" : "") >= (int)sizeof path) {
        return answer("414 URI Too Long", "");
    }

    static const char *const codings[][2] = {{"br", ".br"}, {"gzip", ".gz"}};
    const char *coding = NULL;
    FILE *file = NULL;
    for (size_t i = 0; i < 2 && file == NULL; i++) {
        snprintf(variant, sizeof variant, "%s%s", path, codings[i][1]);
        file = accepts(codings[i][0]) ? open_file(variant) : NULL;
        coding = file != NULL ? codings[i][0] : NULL;
    }
    file = file != NULL ? file : open_file(path);
    if (file == NULL) {
        return answer("404 Not Found", "");
    }

    char tag[64];
    long size, first = 0, last;
    tag_of(file, tag, sizeof tag, &size);
    last = size - 1;
    const char *known = variable("HTTP_IF_NONE_MATCH");
    if (strcmp(known, "*") == 0 || strstr(known, tag) != NULL) {
        printf("Status: 304 Not Modified\nETag: %s\nVary: Accept-Encoding\n\n", tag);
        return EXIT_SUCCESS;
    }
    int part = is_head ? 0 : range_of(tag, size, &first, &last);
    if (part < 0) {
        char headers[64];
        snprintf(headers, sizeof headers, "Content-Range: bytes */%ld\n", size);
        return answer("416 Range Not Satisfiable", headers);
    }

    printf("Status: %s\nContent-Type: %s\nETag: %s\nVary: Accept-Encoding\nAccept-Ranges: bytes\n", part ? "206 Partial Content" : "200 OK", type_of(path), tag);
    if (coding != NULL) {
        printf("Content-Encoding: %s\n", coding);
    }
    if (part) {
        printf("Content-Range: bytes %ld-%ld/%ld\n", first, last, size);
    }
    printf("Content-Length: %ld\n\n", last - first + 1);
    char buffer[16 * 1024];
    fseek(file, first, SEEK_SET);
    for (long left = is_head ? 0 : last - first + 1; left > 0;) {
        size_t got = fread(buffer, 1, left < (long)sizeof buffer ? (size_t)left : sizeof buffer, file);
        if (got == 0) {
            return EXIT_FAILURE;
        }
        fwrite(buffer, 1, got, stdout);
        left -= (long)got;
    }
    return EXIT_SUCCESS;
}
