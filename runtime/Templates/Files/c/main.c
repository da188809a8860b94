#include <stdio.h>
#include <stdlib.h>

int main(void) {
    // The request is in environment variables, as CGI has them (RFC 3875); its body is standard input.
    const char *path = getenv("PATH_INFO");

    // The answer: a header block, an empty line, the body.
    printf("Content-Type: text/plain\n\n");
    printf("Hello from {{name}}: %s\n", path == NULL ? "" : path);
    return 0;
}
