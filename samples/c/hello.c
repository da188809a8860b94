#include <stdio.h>

int main(void) {
    printf("Content-Type: text/plain\n\n");
    printf("Hello, world (version 1)\n");
}
