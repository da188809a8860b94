use std::env;

/// Called once, when the module is loaded: each line is a path below the module's own route and the exported function
/// that answers it. Of two lines that match a request the last one wins.
#[no_mangle]
pub extern "C" fn _routes() {
    println!("/hello hello");
    println!("/goodbye/... goodbye");
}

#[no_mangle]
pub extern "C" fn hello() {
    println!("Content-Type: text/plain\n");
    println!("Hello from hello()");
}

#[no_mangle]
pub extern "C" fn goodbye() {
    // What follows the route: "/moon" for .../goodbye/moon.
    let rest = env::var("PATH_INFO").unwrap_or_default();
    let name = rest.trim_start_matches('/');
    println!("Content-Type: text/plain; charset=utf-8\n");
    println!("Goodbye, {}", if name.is_empty() { "world" } else { name });
}

/// Answers the module's own route.
fn main() {
    println!("Content-Type: text/plain\n");
    println!("Try /hello and /goodbye/NAME below this path");
}
