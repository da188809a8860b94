package main

import (
	"fmt"
	"os"
)

func main() {
	// The request is in environment variables, as CGI has them (RFC 3875); its body is standard input.
	path := os.Getenv("PATH_INFO")

	// The answer: a header block, an empty line, the body.
	fmt.Print("Content-Type: text/plain\n\n")
	fmt.Printf("Hello from {{name}}: %s\n", path)
}
