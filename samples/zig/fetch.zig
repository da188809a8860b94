const std = @import("std");
const http = @import("wasi_experimental_http/http.zig");

/// Sends the request on to the URL in the query (?url=http%3A%2F%2F...) and returns the answer: GET and POST alike.
pub fn main() !void {
    const allocator = std.heap.page_allocator;
    const stdout = std.io.getStdOut().writer();

    var target: ?[]const u8 = null;
    for ((try std.process.argsAlloc(allocator))[1..]) |argument| { // the query, split at '&'
        if (std.mem.startsWith(u8, argument, "url=")) {
            std.mem.replaceScalar(u8, argument, '+', ' ');
            target = try std.Uri.unescapeString(allocator, argument["url=".len..]);
        }
    }
    const url = target orelse
        return stdout.writeAll("Status: 400\nContent-Type: text/plain\n\nsay which URL: ?url=https%3A%2F%2Fexample.com%2F\n");

    const method = std.process.getEnvVarOwned(allocator, "REQUEST_METHOD") catch "GET";
    const given = std.process.getEnvVarOwned(allocator, "CONTENT_TYPE") catch "";
    const headers = if (given.len > 0) try std.fmt.allocPrint(allocator, "content-type:{s}\n", .{given}) else "";
    const body = try std.io.getStdIn().readToEndAlloc(allocator, std.math.maxInt(u32));

    const response = http.send(method, url, headers, body) catch |err| {
        const status: u16 = if (err == error.DestinationNotAllowed) 403 else 502;
        return stdout.print("Status: {d}\nContent-Type: text/plain\n\noutbound HTTP: {s}\n", .{ status, http.reason(err) });
    };
    defer response.close();

    var buffer: [16 * 1024]u8 = undefined;
    const content_type = response.header("content-type", &buffer) catch "application/octet-stream";
    try stdout.print("Status: {d}\nContent-Type: {s}\n\n", .{ response.status, content_type });
    while (true) {
        // The status line is gone already: a trap cuts the answer off, so that it does not look whole.
        const piece = response.read(&buffer) catch |err| @panic(http.reason(err));
        if (piece.len == 0) return;
        try stdout.writeAll(piece);
    }
}
