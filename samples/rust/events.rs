use std::env;
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The number that an argument such as `count=3` gives. Arguments are the query, split at '&'.
fn argument(name: &str, otherwise: u64) -> u64 {
    env::args()
        .skip(1)
        .filter_map(|argument| argument.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        .next()
        .unwrap_or(otherwise)
}

fn main() -> io::Result<()> {
    let count = argument("count", 10);
    let pause = Duration::from_millis(argument("interval", 1000));

    let mut stdout = io::stdout().lock();
    write!(stdout, "Content-Type: text/event-stream\nCache-Control: no-store\n\n")?;
    for id in 1..=count {
        if id > 1 {
            thread::sleep(pause);
        }
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(stdout, "id: {id}\ndata: {hour:02}:{minute:02}:{second:02} UTC\n\n")?;
        stdout.flush()?; // what is flushed is sent to the client at once
    }
    Ok(())
}
