// Outbound HTTP: the functions of the import module wasi_experimental_http, which the runtime provides.
// Only origins that the module's allowed_hosts name can be reached.

@external("wasi_experimental_http", "req")
declare function req(
  url: usize, urlLength: usize, method: usize, methodLength: usize, headers: usize, headersLength: usize,
  body: usize, bodyLength: usize, status: usize, response: usize
): u32;

@external("wasi_experimental_http", "header_get")
declare function header_get(
  response: u32, name: usize, nameLength: usize, buffer: usize, size: usize, written: usize
): u32;

@external("wasi_experimental_http", "body_read")
declare function body_read(response: u32, buffer: usize, size: usize, written: usize): u32;

@external("wasi_experimental_http", "close")
declare function close(response: u32): u32;

const reasons = [
  "success", "invalid handle", "memory not found", "memory access error", "buffer too small", "header not found",
  "UTF-8 error", "destination not allowed", "invalid method", "invalid encoding", "invalid URL", "request error",
  "runtime error", "too many sessions",
];

export const DESTINATION_NOT_ALLOWED: u32 = 7;

/** What the server answered, or in `error` why there is no answer. */
export class Response {
  constructor(public error: u32, public status: u16, private handle: u32) {}

  /** Why there is no answer, in words. */
  get reason(): string {
    const text = this.error < <u32>reasons.length ? reasons[this.error] : "unknown error";
    return "outbound HTTP: " + text + " (error " + this.error.toString() + ")";
  }

  /** The value of a response header, or "". */
  header(name: string): string {
    const nameBytes = String.UTF8.encode(name);
    const value = new ArrayBuffer(8 * 1024);
    const written = memory.data(4);
    const error = header_get(
      this.handle, changetype<usize>(nameBytes), nameBytes.byteLength, changetype<usize>(value), value.byteLength, written
    );
    return error == 0 ? String.UTF8.decodeUnsafe(changetype<usize>(value), load<u32>(written)) : "";
  }

  /** Reads the next piece of the body into `buffer` from `offset` on: its length, 0 at the end or when `error` is set. */
  read(buffer: ArrayBuffer, offset: i32 = 0): i32 {
    const written = memory.data(4);
    this.error = body_read(this.handle, changetype<usize>(buffer) + offset, buffer.byteLength - offset, written);
    return this.error == 0 ? load<i32>(written) : 0;
  }

  /** Gives the response back to the runtime. */
  close(): void {
    close(this.handle);
  }
}

/** Sends a request and waits for the response's header; `headers` are lines "name:value\n". */
export function send(method: string, url: string, headers: string, body: ArrayBuffer): Response {
  const methodBytes = String.UTF8.encode(method);
  const urlBytes = String.UTF8.encode(url);
  const headerBytes = String.UTF8.encode(headers);
  const status = memory.data(2);
  const response = memory.data(4);
  const error = req(
    changetype<usize>(urlBytes), urlBytes.byteLength, changetype<usize>(methodBytes), methodBytes.byteLength,
    changetype<usize>(headerBytes), headerBytes.byteLength, changetype<usize>(body), body.byteLength, status, response
  );
  return error == 0 ? new Response(0, load<u16>(status), load<u32>(response)) : new Response(error, 0, 0);
}
