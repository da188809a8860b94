const std = @import("std");

/// Returns the request's body byte for byte, in pieces: however long it is, this much memory is enough.
var buffer: [64 * 1024]u8 = undefined;

pub fn main() !void {
    const stdin = std.io.getStdIn();
    const stdout = std.io.getStdOut().writer();

    const given = std.process.getEnvVarOwned(std.heap.page_allocator, "CONTENT_TYPE") catch "";
    const content_type = if (given.len > 0) given else "application/octet-stream";
    try stdout.print("Content-Type: {s}\n\n", .{content_type});
    while (true) {
        const length = try stdin.read(&buffer);
        if (length == 0) break;
        try stdout.writeAll(buffer[0..length]);
    }
}
