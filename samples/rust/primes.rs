use std::env;
use std::sync::Mutex;

// Answers from a table that takes a while to build: whether a number is prime, and how many primes there are up to it.
// Every request is a new instance and would build the table anew; with `preinitialize` the runtime calls
// wizer-initialize once, when it compiles the module, and keeps the memory that it leaves behind. docs/optimizing.md
// has the figures.

const LIMIT: usize = 4_000_000;
const BLOCK: usize = 4096; // numbers; the primes before each block are counted beforehand

struct Table {
    composite: Vec<u8>, // one bit for each number
    before: Vec<u32>,
}

/// None until somebody asked for it: the runtime in advance, or else the request.
static TABLE: Mutex<Option<Table>> = Mutex::new(None);

impl Table {
    /// The sieve of Eratosthenes.
    fn build() -> Table {
        let mut table = Table { composite: vec![0; LIMIT / 8 + 1], before: Vec::with_capacity(LIMIT / BLOCK + 1) };
        table.composite[0] = 3; // 0 and 1
        for number in (2..).take_while(|number| number * number <= LIMIT) {
            if table.is_prime(number) {
                for multiple in (number * number..=LIMIT).step_by(number) {
                    table.composite[multiple / 8] |= 1 << (multiple % 8);
                }
            }
        }

        let mut count = 0;
        for number in 0..=LIMIT {
            if number % BLOCK == 0 {
                table.before.push(count);
            }
            count += u32::from(table.is_prime(number));
        }
        table
    }

    fn is_prime(&self, number: usize) -> bool {
        self.composite[number / 8] >> (number % 8) & 1 == 0
    }

    fn primes_up_to(&self, number: usize) -> u32 {
        let block = number / BLOCK;
        self.before[block] + (block * BLOCK..=number).map(|next| u32::from(self.is_prime(next))).sum::<u32>()
    }
}

/// It must ask the host for nothing: no arguments, no environment, no output.
#[export_name = "wizer-initialize"]
pub extern "C" fn initialize() {
    TABLE.lock().unwrap().get_or_insert_with(Table::build);
}

/// The number in a query such as `n=7`. As with C's strtoul, a plus may stand before the digits and anything behind them.
fn number_in(query: &str) -> Option<usize> {
    let text = query.strip_prefix("n=")?;
    let digits = text.strip_prefix('+').unwrap_or(text).split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|number| (1..=LIMIT).contains(number))
}

fn main() {
    let number = match number_in(&env::var("QUERY_STRING").unwrap_or_default()) {
        Some(number) => number,
        None => {
            println!("Status: 400 Bad Request\nContent-Type: text/plain\n\nsay ?n=NUMBER, from 1 to {LIMIT}");
            return;
        }
    };

    let mut table = TABLE.lock().unwrap();
    let table = table.get_or_insert_with(Table::build);
    println!(
        "Content-Type: text/plain\n\n{number} is {}; there are {} primes up to it",
        if table.is_prime(number) { "prime" } else { "not prime" },
        table.primes_up_to(number)
    );
}
