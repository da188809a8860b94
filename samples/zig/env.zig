const std = @import("std");

fn lessThan(_: void, left: []const u8, right: []const u8) bool {
    return std.mem.lessThan(u8, left, right);
}

pub fn main() !void {
    // A request's memory is gone when it is answered: nothing needs to be freed.
    const allocator = std.heap.page_allocator;
    var buffered = std.io.bufferedWriter(std.io.getStdOut().writer());
    const out = buffered.writer();

    try out.writeAll("Content-Type: text/plain; charset=utf-8\n\n");
    for (try std.process.argsAlloc(allocator), 0..) |argument, index| {
        try out.print("arg {d}: {s}\n", .{ index, argument });
    }
    try out.writeAll("\n");

    var variables = try std.process.getEnvMap(allocator);
    var lines = std.ArrayList([]const u8).init(allocator);
    var iterator = variables.iterator();
    while (iterator.next()) |variable| {
        try lines.append(try std.fmt.allocPrint(allocator, "{s}={s}", .{ variable.key_ptr.*, variable.value_ptr.* }));
    }
    std.mem.sort([]const u8, lines.items, {}, lessThan);
    for (lines.items) |line| {
        try out.print("{s}\n", .{line});
    }
    try buffered.flush();
}
