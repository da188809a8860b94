// Environment variables, read when they are asked for. The shim reads process.env and process.argv while the module is
// set up, in whichever function the source uses them; with `preinitialize` that is before there is a request.
import { environ_get, environ_sizes_get, errno } from "bindings/wasi_snapshot_preview1";

// Its value, or "" if there is no such variable.
export function variable(name: string): string {
  const sizes = memory.data(8);
  if (environ_sizes_get(sizes, sizes + 4) != errno.SUCCESS) {
    throw new Error("environ_sizes_get failed");
  }
  const entries = new StaticArray<usize>(load<i32>(sizes)); // pointers to NAME=VALUE in text, each with a NUL at its end
  const text = new ArrayBuffer(load<i32>(sizes, 4));
  const start = changetype<usize>(text);
  if (environ_get(changetype<usize>(entries), start) != errno.SUCCESS) {
    throw new Error("environ_get failed");
  }

  for (let i = 0; i < entries.length; i++) {
    const entry = String.UTF8.decodeUnsafe(entries[i], start + text.byteLength - entries[i], true);
    if (entry.startsWith(name + "=")) {
      return entry.substring(name.length + 1);
    }
  }
  return "";
}
