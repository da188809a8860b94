#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Serves the files of the volume /data, which modules.toml mounts: volumes = { "/data" = "path/on/the/host" }.
// GET reads a file, PUT writes it.

static int answer(const char *status, const char *text) {
    printf("Status: %s\nContent-Type: text/plain\n\n%s\n", status, text);
    return EXIT_SUCCESS;
}

static void copy(FILE *from, FILE *to) {
    char buffer[16 * 1024];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, from)) > 0) {
        fwrite(buffer, 1, got, to);
    }
}

int main(void) {
    const char *method = getenv("REQUEST_METHOD");
    const char *rest = getenv("PATH_INFO"); // "/a.txt" for /files/a.txt under the route /files/...
    char path[1024];
    if (snprintf(path, sizeof path, "/data%s", rest != NULL ? rest : "") >= (int)sizeof path) {
        return answer("414 URI Too Long", "the path is too long");
    }

    if (method != NULL && strcmp(method, "PUT") == 0) {
        FILE *file = fopen(path, "wb");
        if (file == NULL) {
            return answer("403 Forbidden", "that file cannot be written");
        }
        copy(stdin, file);
        if (fclose(file) != 0) {
            return answer("507 Insufficient Storage", "the file could not be written whole");
        }
        return answer("201 Created", "written");
    }

    FILE *file = fopen(path, "rb");
    if (file == NULL || (getc(file) == EOF && ferror(file))) { // a folder can be opened, and not read
        return answer("404 Not Found", "there is no such file");
    }
    rewind(file);
    printf("Content-Type: application/octet-stream\n\n");
    copy(file, stdout);
    return EXIT_SUCCESS;
}
