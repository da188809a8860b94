console.log("Content-Type: text/plain\n");
console.log("Hello, world (version 1)");
