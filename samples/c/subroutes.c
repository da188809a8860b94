#include <stdio.h>
#include <stdlib.h>

// Called once, when the module is loaded: each line is a path below the module's own route and the exported function
// that answers it. Of two lines that match a request the last one wins.
__attribute__((export_name("_routes"))) void routes(void) {
    printf("/hello hello\n");
    printf("/goodbye/... goodbye\n");
}

__attribute__((export_name("hello"))) void hello(void) {
    printf("Content-Type: text/plain\n\n");
    printf("Hello from hello()\n");
}

__attribute__((export_name("goodbye"))) void goodbye(void) {
    const char *rest = getenv("PATH_INFO"); // what follows the route: "/moon" for .../goodbye/moon
    printf("Content-Type: text/plain; charset=utf-8\n\n");
    printf("Goodbye, %s\n", rest != NULL && rest[0] == '/' && rest[1] != '\0' ? rest + 1 : "world");
}

// Answers the module's own route.
int main(void) {
    printf("Content-Type: text/plain\n\n");
    printf("Try /hello and /goodbye/NAME below this path\n");
}
