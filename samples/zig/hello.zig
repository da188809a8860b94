const std = @import("std");

pub fn main() !void {
    const stdout = std.io.getStdOut().writer();
    try stdout.writeAll("Content-Type: text/plain\n\n");
    try stdout.writeAll("Hello, world (version 1)\n");
}
