use std::env;
use std::io::{self, Read, Write};

mod wasi_experimental_http;
use wasi_experimental_http::{send, Error};

/// Sends the request on to the URL in the query (`?url=http%3A%2F%2F...`) and returns the answer: GET and POST alike.
fn main() -> io::Result<()> {
    // The arguments are the query, split at '&'.
    let url = match env::args().skip(1).find_map(|argument| Some(decode(argument.strip_prefix("url=")?))) {
        Some(url) => url,
        None => return fail(400, "say which URL: ?url=https%3A%2F%2Fexample.com%2F"),
    };
    let method = env::var("REQUEST_METHOD").unwrap_or_default();
    let headers = match env::var("CONTENT_TYPE") {
        Ok(content_type) if !content_type.is_empty() => format!("content-type:{content_type}\n"),
        _ => String::new(),
    };
    let mut body = Vec::new();
    io::stdin().read_to_end(&mut body)?;

    let mut response = match send(&method, &url, &headers, &body) {
        Ok(response) => response,
        Err(error) => {
            let status = if error == Error::DESTINATION_NOT_ALLOWED { 403 } else { 502 };
            return fail(status, &format!("outbound HTTP: {error}"));
        }
    };

    let content_type = response.header("content-type").unwrap_or_else(|_| "application/octet-stream".into());
    let mut stdout = io::stdout().lock();
    write!(stdout, "Status: {}\nContent-Type: {content_type}\n\n", response.status)?;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match response.read(&mut buffer) {
            Ok([]) => return stdout.flush(),
            Ok(piece) => stdout.write_all(piece)?,
            // The status line is gone already: trapping cuts the answer off, so that it does not look whole.
            Err(error) => panic!("outbound HTTP: {error}"),
        }
    }
}

fn fail(status: u16, reason: &str) -> io::Result<()> {
    println!("Status: {status}\nContent-Type: text/plain\n\n{reason}");
    Ok(())
}

/// Replaces %xx and +.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(code)) => {
                decoded.push(code);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
