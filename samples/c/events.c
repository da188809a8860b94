#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The number that an argument such as "count=3" gives. Arguments are the query, split at '&'.
static long argument(int argc, char **argv, const char *name, long otherwise) {
    size_t length = strlen(name);
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=') {
            return strtol(argv[i] + length + 1, NULL, 10);
        }
    }
    return otherwise;
}

int main(int argc, char **argv) {
    long count = argument(argc, argv, "count", 10);
    long interval = argument(argc, argv, "interval", 1000); // milliseconds
    struct timespec pause = {.tv_sec = interval / 1000, .tv_nsec = interval % 1000 * 1000000};

    printf("Content-Type: text/event-stream\n");
    printf("Cache-Control: no-store\n\n");
    for (long id = 1; id <= count; id++) {
        if (id > 1) {
            nanosleep(&pause, NULL);
        }
        time_t now = time(NULL);
        struct tm utc;
        gmtime_r(&now, &utc);
        printf("id: %ld\ndata: %02d:%02d:%02d UTC\n\n", id, utc.tm_hour, utc.tm_min, utc.tm_sec);
        fflush(stdout); // what is flushed is sent to the client at once
    }
}
