const std = @import("std");

/// Serves the files of the volume /data, which modules.toml mounts: volumes = { "/data" = "path/on/the/host" }.
/// GET reads a file, PUT writes it.
pub fn main() !void {
    const allocator = std.heap.page_allocator;
    const method = std.process.getEnvVarOwned(allocator, "REQUEST_METHOD") catch "GET";
    const rest = std.process.getEnvVarOwned(allocator, "PATH_INFO") catch "";
    const path = std.mem.trimLeft(u8, rest, "/"); // "a.txt" for /files/a.txt under the route /files/...

    const preopens = try std.fs.wasi.preopensAlloc(allocator);
    const data = std.fs.Dir{ .fd = preopens.find("/data") orelse
        return answer("500 Internal Server Error", "the volume /data is not mounted") };

    if (std.mem.eql(u8, method, "PUT")) {
        const file = data.createFile(path, .{}) catch
            return answer("403 Forbidden", "that file cannot be written");
        copy(std.io.getStdIn(), file) catch
            return answer("507 Insufficient Storage", "the file could not be written whole");
        return answer("201 Created", "written");
    }

    const file = data.openFile(path, .{}) catch
        return answer("404 Not Found", "there is no such file");
    const stat = try file.stat();
    if (stat.kind != .file) return answer("404 Not Found", "there is no such file");
    const stdout = std.io.getStdOut();
    try stdout.writeAll("Content-Type: application/octet-stream\n\n");
    try copy(file, stdout);
}

fn copy(from: std.fs.File, to: std.fs.File) !void {
    var buffer: [16 * 1024]u8 = undefined;
    while (true) {
        const length = try from.read(&buffer);
        if (length == 0) return;
        try to.writeAll(buffer[0..length]);
    }
}

fn answer(comptime status: []const u8, comptime text: []const u8) !void {
    try std.io.getStdOut().writeAll("Status: " ++ status ++ "\nContent-Type: text/plain\n\n" ++ text ++ "\n");
}
