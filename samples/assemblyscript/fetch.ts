// Sends the request on to the URL in the query (?url=http%3A%2F%2F...) and returns the answer: GET and POST alike.
import { DESTINATION_NOT_ALLOWED, Response, send } from "./wasi_experimental_http";

function variable(name: string): string {
  return process.env.has(name) ? process.env.get(name) : "";
}

function fail(status: i32, reason: string): void {
  console.log("Status: " + status.toString() + "\nContent-Type: text/plain\n\n" + reason);
}

// Twice as long, with the same bytes at its beginning.
function grow(bytes: ArrayBuffer): ArrayBuffer {
  const longer = new ArrayBuffer(2 * bytes.byteLength);
  memory.copy(changetype<usize>(longer), changetype<usize>(bytes), bytes.byteLength);
  return longer;
}

function readRequest(): ArrayBuffer {
  let body = new ArrayBuffer(4096);
  let length = 0;
  while (true) {
    const got = process.stdin.read(body, length);
    if (got == 0) {
      return body.slice(0, length);
    }
    length += got;
    if (length == body.byteLength) {
      body = grow(body);
    }
  }
}

// All of the answer, or in response.error why it broke off.
function readResponse(response: Response): ArrayBuffer {
  let body = new ArrayBuffer(4096);
  let length = 0;
  while (true) {
    const got = response.read(body, length);
    if (got == 0) {
      return body.slice(0, length);
    }
    length += got;
    if (length == body.byteLength) {
      body = grow(body);
    }
  }
}

function handle(): void {
  let url = "";
  for (let i = 1; i < process.argv.length; i++) { // the query, split at "&"
    if (process.argv[i].startsWith("url=")) {
      url = decodeURIComponent(process.argv[i].substring(4).replaceAll("+", " "));
    }
  }
  if (url.length == 0) {
    fail(400, "say which URL: ?url=https%3A%2F%2Fexample.com%2F");
    return;
  }
  const type = variable("CONTENT_TYPE");
  const headers = type.length > 0 ? "content-type:" + type + "\n" : "";

  const response = send(variable("REQUEST_METHOD"), url, headers, readRequest());
  const body = response.error == 0 ? readResponse(response) : new ArrayBuffer(0);
  if (response.error != 0) {
    fail(response.error == DESTINATION_NOT_ALLOWED ? 403 : 502, response.reason);
    return;
  }

  const answered = response.header("content-type");
  const contentType = answered.length > 0 ? answered : "application/octet-stream";
  process.stdout.write("Status: " + response.status.toString() + "\nContent-Type: " + contentType + "\n\n");
  process.stdout.write(body);
  response.close();
}

handle();
