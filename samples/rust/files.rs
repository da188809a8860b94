use std::env;
use std::fs::File;
use std::io::{self, Write};

/// Serves the files of the volume /data, which modules.toml mounts: `volumes = { "/data" = "path/on/the/host" }`.
/// GET reads a file, PUT writes it.
fn main() -> io::Result<()> {
    // "/a.txt" for /files/a.txt under the route /files/...
    let path = format!("/data{}", env::var("PATH_INFO").unwrap_or_default());

    if env::var("REQUEST_METHOD").as_deref() == Ok("PUT") {
        match File::create(path) {
            Err(_) => answer("403 Forbidden", "that file cannot be written"),
            Ok(mut file) => match io::copy(&mut io::stdin().lock(), &mut file) {
                Err(_) => answer("507 Insufficient Storage", "the file could not be written whole"),
                Ok(_) => answer("201 Created", "written"),
            },
        }
        return Ok(());
    }

    // A folder can be opened as well.
    match File::open(path).and_then(|file| Ok((file.metadata()?.is_file(), file))) {
        Err(_) | Ok((false, _)) => answer("404 Not Found", "there is no such file"),
        Ok((true, mut file)) => {
            let mut stdout = io::stdout().lock();
            write!(stdout, "Content-Type: application/octet-stream\n\n")?;
            io::copy(&mut file, &mut stdout)?;
            stdout.flush()?;
        }
    }
    Ok(())
}

fn answer(status: &str, text: &str) {
    println!("Status: {status}\nContent-Type: text/plain\n\n{text}");
}
