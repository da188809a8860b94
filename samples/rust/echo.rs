use std::env;
use std::io::{self, Write};

/// Returns the request's body byte for byte; io::copy moves it in pieces, so that its length does not matter.
fn main() -> io::Result<()> {
    let given = env::var("CONTENT_TYPE").unwrap_or_default();
    let content_type = if given.is_empty() { "application/octet-stream" } else { &given };

    let mut stdout = io::stdout().lock();
    write!(stdout, "Content-Type: {content_type}\n\n")?;
    io::copy(&mut io::stdin().lock(), &mut stdout)?;
    stdout.flush()
}
