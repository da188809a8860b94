//! Outbound HTTP: the functions of the import module `wasi_experimental_http`, which the runtime provides.
//! Only origins that the module's `allowed_hosts` name can be reached.

use std::fmt;

/// Their signatures; every function returns 0 or an error code, and writes its results through the pointers.
mod import {
    #[link(wasm_import_module = "wasi_experimental_http")]
    extern "C" {
        pub fn req(
            url: *const u8,
            url_length: usize,
            method: *const u8,
            method_length: usize,
            headers: *const u8,
            headers_length: usize,
            body: *const u8,
            body_length: usize,
            status: *mut u16,
            response: *mut u32,
        ) -> u32;
        pub fn header_get(
            response: u32,
            name: *const u8,
            name_length: usize,
            buffer: *mut u8,
            size: usize,
            written: *mut usize,
        ) -> u32;
        pub fn body_read(response: u32, buffer: *mut u8, size: usize, written: *mut usize) -> u32;
        pub fn close(response: u32) -> u32;
    }
}

/// Why a call failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(pub u32);

impl Error {
    pub const DESTINATION_NOT_ALLOWED: Error = Error(7);
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let reason = match self.0 {
            1 => "invalid handle",
            2 => "memory not found",
            3 => "memory access error",
            4 => "buffer too small",
            5 => "header not found",
            6 => "UTF-8 error",
            7 => "destination not allowed",
            8 => "invalid method",
            9 => "invalid encoding",
            10 => "invalid URL",
            11 => "request error",
            12 => "runtime error",
            13 => "too many sessions",
            _ => "unknown error",
        };
        write!(formatter, "{reason} (error {})", self.0)
    }
}

fn check(code: u32) -> Result<(), Error> {
    if code == 0 {
        Ok(())
    } else {
        Err(Error(code))
    }
}

/// A response, closed when it is dropped.
pub struct Response {
    pub status: u16,
    handle: u32,
}

/// Sends a request and waits for the response's header; `headers` are lines `name:value\n`.
pub fn send(method: &str, url: &str, headers: &str, body: &[u8]) -> Result<Response, Error> {
    let mut response = Response { status: 0, handle: 0 };
    let code = unsafe {
        import::req(
            url.as_ptr(),
            url.len(),
            method.as_ptr(),
            method.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            &mut response.status,
            &mut response.handle,
        )
    };
    if code != 0 {
        std::mem::forget(response); // there is no handle to close
        return Err(Error(code));
    }
    Ok(response)
}

impl Response {
    /// The value of a response header.
    pub fn header(&self, name: &str) -> Result<String, Error> {
        let mut value = vec![0; 8 * 1024];
        let mut written = 0;
        check(unsafe {
            import::header_get(self.handle, name.as_ptr(), name.len(), value.as_mut_ptr(), value.len(), &mut written)
        })?;
        value.truncate(written);
        String::from_utf8(value).map_err(|_| Error(6))
    }

    /// The next piece of the body; an empty one is its end.
    pub fn read<'a>(&mut self, buffer: &'a mut [u8]) -> Result<&'a [u8], Error> {
        let mut written = 0;
        check(unsafe { import::body_read(self.handle, buffer.as_mut_ptr(), buffer.len(), &mut written) })?;
        Ok(&buffer[..written])
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        unsafe { import::close(self.handle) };
    }
}
