#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Returns the request's body byte for byte, in pieces: however long it is, this much memory is enough.
static char buffer[64 * 1024];

int main(void) {
    const char *type = getenv("CONTENT_TYPE");
    if (type == NULL || *type == '\0') {
        type = "application/octet-stream";
    }
    printf("Content-Type: %s\n\n", type);
    fflush(stdout); // read and write below go past stdio's buffer

    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        for (ssize_t sent = 0; sent < got;) {
            ssize_t written = write(STDOUT_FILENO, buffer + sent, got - sent);
            if (written < 0) {
                return EXIT_FAILURE;
            }
            sent += written;
        }
    }
    return got < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
