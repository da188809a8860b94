use std::env;

fn main() {
    // The request is in environment variables, as CGI has them (RFC 3875); its body is standard input.
    let path = env::var("PATH_INFO").unwrap_or_default();

    // The answer: a header block, an empty line, the body.
    println!("Content-Type: text/plain\n");
    println!("Hello from {{name}}: {path}");
}
