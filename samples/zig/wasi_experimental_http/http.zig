//! Outbound HTTP: the functions of the import module wasi_experimental_http, which the runtime provides.
//! Only origins that the module's allowed_hosts name can be reached.
const std = @import("std");

const import = struct {
    extern "wasi_experimental_http" fn req(
        url: [*]const u8,
        url_length: usize,
        method: [*]const u8,
        method_length: usize,
        headers: [*]const u8,
        headers_length: usize,
        body: [*]const u8,
        body_length: usize,
        status: *u16,
        response: *u32,
    ) u32;
    extern "wasi_experimental_http" fn header_get(
        response: u32,
        name: [*]const u8,
        name_length: usize,
        buffer: [*]u8,
        size: usize,
        written: *usize,
    ) u32;
    extern "wasi_experimental_http" fn body_read(response: u32, buffer: [*]u8, size: usize, written: *usize) u32;
    extern "wasi_experimental_http" fn close(response: u32) u32;
};

/// Why a call failed, in the order of the error codes 1 to 13.
const errors = [_]Failure{
    .{ .err = error.InvalidHandle, .text = "invalid handle (error 1)" },
    .{ .err = error.MemoryNotFound, .text = "memory not found (error 2)" },
    .{ .err = error.MemoryAccess, .text = "memory access error (error 3)" },
    .{ .err = error.BufferTooSmall, .text = "buffer too small (error 4)" },
    .{ .err = error.HeaderNotFound, .text = "header not found (error 5)" },
    .{ .err = error.Utf8, .text = "UTF-8 error (error 6)" },
    .{ .err = error.DestinationNotAllowed, .text = "destination not allowed (error 7)" },
    .{ .err = error.InvalidMethod, .text = "invalid method (error 8)" },
    .{ .err = error.InvalidEncoding, .text = "invalid encoding (error 9)" },
    .{ .err = error.InvalidUrl, .text = "invalid URL (error 10)" },
    .{ .err = error.Request, .text = "request error (error 11)" },
    .{ .err = error.Runtime, .text = "runtime error (error 12)" },
    .{ .err = error.TooManySessions, .text = "too many sessions (error 13)" },
};

const Failure = struct { err: anyerror, text: []const u8 };

/// An error of this file in words.
pub fn reason(err: anyerror) []const u8 {
    for (errors) |failure| {
        if (failure.err == err) return failure.text;
    }
    return "unknown error";
}

fn check(code: u32) anyerror!void {
    if (code == 0) return;
    return if (code <= errors.len) errors[code - 1].err else error.Unknown;
}

/// What the server answered.
pub const Response = struct {
    status: u16,
    handle: u32,

    /// The value of a response header, in `buffer`.
    pub fn header(self: Response, name: []const u8, buffer: []u8) anyerror![]const u8 {
        var written: usize = 0;
        try check(import.header_get(self.handle, name.ptr, name.len, buffer.ptr, buffer.len, &written));
        return buffer[0..written];
    }

    /// The next piece of the body, in `buffer`; an empty one is its end.
    pub fn read(self: Response, buffer: []u8) anyerror![]const u8 {
        var written: usize = 0;
        try check(import.body_read(self.handle, buffer.ptr, buffer.len, &written));
        return buffer[0..written];
    }

    /// Gives the response back to the runtime.
    pub fn close(self: Response) void {
        _ = import.close(self.handle);
    }
};

/// Sends a request and waits for the response's header; `headers` are lines "name:value\n".
pub fn send(method: []const u8, url: []const u8, headers: []const u8, body: []const u8) anyerror!Response {
    var response = Response{ .status = 0, .handle = 0 };
    try check(import.req(
        url.ptr,
        url.len,
        method.ptr,
        method.len,
        headers.ptr,
        headers.len,
        body.ptr,
        body.len,
        &response.status,
        &response.handle,
    ));
    return response;
}
