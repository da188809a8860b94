#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Answers from a table that takes a while to build: whether a number is prime, and how many primes there are up to it.
// Every request is a new instance and would build the table anew; wizer runs wizer-initialize once, when the module is
// made, and keeps the memory that it leaves behind. docs/optimizing.md has the figures.

#define LIMIT 4000000
#define BLOCK 4096 // numbers; the primes before each block are counted beforehand

static uint8_t composite[LIMIT / 8 + 1]; // one bit for each number
static uint32_t before[LIMIT / BLOCK + 1];
static bool ready; // in memory: kept by wizer

static bool is_prime(uint32_t number) {
    return (composite[number / 8] >> number % 8 & 1) == 0;
}

// The sieve of Eratosthenes. Exported for wizer, which must not see it call anything of the host: nothing is printed here.
__attribute__((export_name("wizer-initialize"))) void initialize(void) {
    composite[0] = 3; // 0 and 1
    for (uint32_t number = 2; number * number <= LIMIT; number++) {
        if (is_prime(number)) {
            for (uint32_t multiple = number * number; multiple <= LIMIT; multiple += number) {
                composite[multiple / 8] |= (uint8_t)(1 << multiple % 8);
            }
        }
    }

    uint32_t count = 0;
    for (uint32_t number = 0; number <= LIMIT; number++) {
        if (number % BLOCK == 0) {
            before[number / BLOCK] = count;
        }
        count += is_prime(number);
    }
    ready = true;
}

int main(void) {
    if (!ready) {
        initialize();
    }

    const char *query = getenv("QUERY_STRING"); // n=NUMBER
    unsigned long number = query != NULL && strncmp(query, "n=", 2) == 0 ? strtoul(query + 2, NULL, 10) : 0;
    if (number == 0 || number > LIMIT) {
        printf("Status: 400 Bad Request\nContent-Type: text/plain\n\nsay ?n=NUMBER, from 1 to %d\n", LIMIT);
        return EXIT_SUCCESS;
    }

    uint32_t count = before[number / BLOCK];
    for (uint32_t next = (uint32_t)number / BLOCK * BLOCK; next <= number; next++) {
        count += is_prime(next);
    }
    printf("Content-Type: text/plain\n\n%lu is %s; there are %u primes up to it\n", number,
           is_prime((uint32_t)number) ? "prime" : "not prime", (unsigned)count);
}
