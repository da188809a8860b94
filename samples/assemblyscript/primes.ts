// Answers from a table that takes a while to build: whether a number is prime, and how many primes there are up to it.
// This module is a reactor, like subroutes.ts: _initialize runs what stands outside of functions, before each request or,
// with `preinitialize`, once, when the runtime compiles the module. So nothing there may ask the host for anything.
// docs/optimizing.md has the figures.
import { variable } from "./environment";

const LIMIT: u32 = 4_000_000;
const BLOCK: u32 = 4096; // numbers; the primes before each block are counted beforehand

const composite = new StaticArray<u32>(LIMIT / 32 + 1); // one bit for each number
const before = new StaticArray<u32>(LIMIT / BLOCK + 1);
buildTable();

// Numbers are within bounds wherever this is called; checking every index would more than double the time.
function isPrime(number: u32): bool {
  return ((unchecked(composite[number / 32]) >> (number % 32)) & 1) == 0;
}

// The sieve of Eratosthenes.
function buildTable(): void {
  composite[0] = 3; // 0 and 1
  for (let number: u32 = 2; number * number <= LIMIT; number++) {
    if (isPrime(number)) {
      for (let multiple = number * number; multiple <= LIMIT; multiple += number) {
        unchecked(composite[multiple / 32] |= 1 << (multiple % 32));
      }
    }
  }

  let count: u32 = 0;
  for (let number: u32 = 0; number <= LIMIT; number++) {
    if (number % BLOCK == 0) {
      before[number / BLOCK] = count;
    }
    count += u32(isPrime(number));
  }
}

function primesUpTo(number: u32): u32 {
  const block = number / BLOCK;
  let count = before[block];
  for (let next = block * BLOCK; next <= number; next++) {
    count += u32(isPrime(next));
  }
  return count;
}

export function main_page(): void {
  const query = variable("QUERY_STRING"); // n=NUMBER
  const given = query.startsWith("n=") ? parseInt(query.substring(2), 10) : NaN;
  if (!(given >= 1 && given <= LIMIT)) { // this way around, NaN is out of bounds, too
    process.stdout.write(
      "Status: 400 Bad Request\nContent-Type: text/plain\n\nsay ?n=NUMBER, from 1 to " + LIMIT.toString() + "\n"
    );
    return;
  }

  const number = <u32>given;
  const verdict = isPrime(number) ? "prime" : "not prime";
  process.stdout.write(
    "Content-Type: text/plain\n\n" + number.toString() + " is " + verdict + "; there are " + primesUpTo(number).toString() +
    " primes up to it\n"
  );
}
