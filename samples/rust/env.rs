use std::env;

fn main() {
    println!("Content-Type: text/plain; charset=utf-8\n");
    for (index, argument) in env::args().enumerate() {
        println!("arg {index}: {argument}");
    }
    println!();

    let mut variables: Vec<(String, String)> = env::vars().collect();
    variables.sort();
    for (name, value) in variables {
        println!("{name}={value}");
    }
}
