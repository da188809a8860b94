//! A module that computes: the primes below a million, as often as QUERY_STRING says. The same program runs natively.
const LIMIT: usize = 1_000_000;

fn main() {
    let rounds: usize = std::env::var("QUERY_STRING").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    // A limit of its own for each: the compiler could do equal rounds once.
    let count: usize = (0..rounds).map(|round| primes(LIMIT - round)).sum();
    println!("Content-Type: text/plain\n\n{count}");
}

fn primes(limit: usize) -> usize {
    let mut composite = vec![false; limit];
    let mut count = 0;
    for number in 2..limit {
        if !composite[number] {
            count += 1;
            // A usize of Wasm has 32 bits, which the square of a large number does not fit into.
            for multiple in (number.saturating_mul(number)..limit).step_by(number) {
                composite[multiple] = true;
            }
        }
    }
    count
}
