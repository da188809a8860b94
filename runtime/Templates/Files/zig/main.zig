const std = @import("std");

pub fn main() !void {
    // The request is in environment variables, as CGI has them (RFC 3875); its body is standard input.
    // A request's memory is gone when it is answered: nothing needs to be freed.
    const path = std.process.getEnvVarOwned(std.heap.page_allocator, "PATH_INFO") catch "";

    // The answer: a header block, an empty line, the body.
    const stdout = std.io.getStdOut().writer();
    try stdout.writeAll("Content-Type: text/plain\n\n");
    try stdout.print("Hello from {{name}}: {s}\n", .{path});
}
