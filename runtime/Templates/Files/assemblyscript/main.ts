// The request is in environment variables, as CGI has them (RFC 3875); its body is standard input.
const path = process.env.has("PATH_INFO") ? process.env.get("PATH_INFO") : "";

// The answer: a header block, an empty line, the body.
process.stdout.write("Content-Type: text/plain\n\n");
process.stdout.write("Hello from {{name}}: " + path + "\n");
