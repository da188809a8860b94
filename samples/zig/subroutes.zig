const std = @import("std");

fn print(comptime format: []const u8, arguments: anytype) void {
    // An answer that cannot be written cannot be mended either: trap.
    std.io.getStdOut().writer().print(format, arguments) catch @panic("standard output is closed");
}

/// Called once, when the module is loaded: each line is a path below the module's own route and the exported function
/// that answers it. Of two lines that match a request the last one wins.
export fn _routes() void {
    print("/hello hello\n", .{});
    print("/goodbye/... goodbye\n", .{});
}

export fn hello() void {
    print("Content-Type: text/plain\n\n", .{});
    print("Hello from hello()\n", .{});
}

export fn goodbye() void {
    // What follows the route: "/moon" for .../goodbye/moon.
    const rest = std.process.getEnvVarOwned(std.heap.page_allocator, "PATH_INFO") catch "";
    const name = std.mem.trimLeft(u8, rest, "/");
    print("Content-Type: text/plain; charset=utf-8\n\n", .{});
    print("Goodbye, {s}\n", .{if (name.len > 0) name else "world"});
}

/// Answers the module's own route.
pub fn main() void {
    print("Content-Type: text/plain\n\n", .{});
    print("Try /hello and /goodbye/NAME below this path\n", .{});
}
