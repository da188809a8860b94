const std = @import("std");

/// The number that an argument such as "count=3" gives. Arguments are the query, split at '&'.
fn argument(arguments: []const []const u8, name: []const u8, otherwise: u64) u64 {
    for (arguments[1..]) |text| {
        const separator = std.mem.indexOfScalar(u8, text, '=') orelse continue;
        if (std.mem.eql(u8, text[0..separator], name)) {
            return std.fmt.parseInt(u64, text[separator + 1 ..], 10) catch otherwise;
        }
    }
    return otherwise;
}

pub fn main() !void {
    const arguments = try std.process.argsAlloc(std.heap.page_allocator);
    const count = argument(arguments, "count", 10);
    const pause = argument(arguments, "interval", 1000); // milliseconds

    var buffered = std.io.bufferedWriter(std.io.getStdOut().writer());
    const out = buffered.writer();
    try out.writeAll("Content-Type: text/event-stream\nCache-Control: no-store\n\n");
    var id: u64 = 1;
    while (id <= count) : (id += 1) {
        if (id > 1) {
            std.time.sleep(pause * std.time.ns_per_ms);
        }
        const now = std.time.epoch.EpochSeconds{ .secs = @intCast(std.time.timestamp()) };
        const time = now.getDaySeconds();
        try out.print("id: {d}\ndata: {d:0>2}:{d:0>2}:{d:0>2} UTC\n\n", .{
            id, time.getHoursIntoDay(), time.getMinutesIntoHour(), time.getSecondsIntoMinute(),
        });
        try buffered.flush(); // what is flushed is sent to the client at once
    }
}
