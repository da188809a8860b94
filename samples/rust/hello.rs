fn main() {
    println!("Content-Type: text/plain\n");
    println!("Hello, world (version 1)");
}
