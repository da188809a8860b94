//! A handler of wasi:http in Rust: GET /NAME greets, POST echoes, ?url=URL fetches.

use std::io::Write;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingRequest, OutgoingResponse, ResponseOutparam,
    Scheme,
};
use wasip2::io::streams::{InputStream, StreamError};

wasip2::http::proxy::export!(Handler);

struct Handler;

impl Guest for Handler {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        match (request.method(), query.strip_prefix("url=")) {
            (Method::Post, _) => {
                let content_type = request.headers().get("content-type").pop();
                let body = request.consume().expect("nobody else has the body");
                let kind = content_type.unwrap_or(b"application/octet-stream".into());
                answer(out, 200, &kind, |to| copy(body, to));
            }
            (_, Some(url)) => fetch(url, out),
            _ => {
                let name = path.rsplit('/').next().unwrap_or_default();
                answer(out, 200, b"application/json", |to| {
                    let _ = write!(to, "{{\"hello\":{name:?}}}");
                });
            }
        }
    }
}

/// Sends the head at once, and then what `write` writes.
fn answer(out: ResponseOutparam, status: u16, content_type: &[u8], write: impl FnOnce(&mut Body)) {
    let headers = Fields::new();
    let _ = headers.set("content-type", &[content_type.into()]);
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(status);
    let body = response.body().expect("nobody else has the body");
    ResponseOutparam::set(out, Ok(response));
    let mut to = body.write().expect("nobody else writes to it");
    write(&mut to);
    drop(to);
    let _ = OutgoingBody::finish(body, None);
}

type Body = wasip2::io::streams::OutputStream;

/// From one body to the other, piece by piece: it is never in memory as a whole.
fn copy(from: IncomingBody, to: &mut Body) {
    let stream = from.stream().expect("nobody else reads it");
    while let Some(bytes) = next(&stream) {
        if to.write_all(&bytes).is_err() {
            return; // the client has gone
        }
    }
}

fn next(stream: &InputStream) -> Option<Vec<u8>> {
    match stream.blocking_read(64 * 1024) {
        Ok(bytes) => Some(bytes),
        Err(StreamError::Closed) => None,
        Err(StreamError::LastOperationFailed(error)) => {
            panic!("the body breaks off: {}", error.to_debug_string())
        }
    }
}

fn fetch(url: &str, out: ResponseOutparam) {
    let (scheme, rest) = match url.split_once("://") {
        Some(("http", rest)) => (Scheme::Http, rest),
        Some(("https", rest)) => (Scheme::Https, rest),
        _ => {
            return answer(out, 400, b"text/plain", |to| {
                let _ = writeln!(to, "url is not http:// or https://");
            })
        }
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_scheme(Some(&scheme));
    let _ = request.set_authority(Some(authority));
    let _ = request.set_path_with_query(Some(path));
    let result = outgoing_handler::handle(request, None).and_then(|coming| {
        coming.subscribe().block();
        coming.get().expect("it is there").expect("it is asked for once")
    });
    match result {
        Ok(response) => {
            let body = response.consume().expect("nobody else has the body");
            answer(out, response.status(), b"text/plain", |to| copy(body, to));
        }
        Err(error) => answer(out, 502, b"text/plain", |to| {
            let _ = writeln!(to, "{url}: {error}");
        }),
    }
}
