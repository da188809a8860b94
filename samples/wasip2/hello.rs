//! A handler of wasi:http: the same component runs in any host that has wasi:http/proxy.

use std::io::Write;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

wasip2::http::proxy::export!(Hello);

struct Hello;

impl Guest for Hello {
    fn handle(_request: IncomingRequest, out: ResponseOutparam) {
        let headers = Fields::new();
        headers.set("content-type", &[b"text/plain".into()]).unwrap();
        let response = OutgoingResponse::new(headers);
        let body = response.body().unwrap();
        ResponseOutparam::set(out, Ok(response));

        write!(body.write().unwrap(), "Hello, world (version 1)\n").unwrap();
        OutgoingBody::finish(body, None).unwrap();
    }
}
