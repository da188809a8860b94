// Returns the request's body byte for byte, in pieces: however long it is, this much memory is enough.
const given = process.env.has("CONTENT_TYPE") ? process.env.get("CONTENT_TYPE") : "";
const contentType = given.length > 0 ? given : "application/octet-stream";
process.stdout.write("Content-Type: " + contentType + "\n\n");

const buffer = new ArrayBuffer(64 * 1024);
while (true) {
  const length = process.stdin.read(buffer);
  if (length == 0) {
    break;
  }
  process.stdout.write(length == buffer.byteLength ? buffer : buffer.slice(0, length));
}
