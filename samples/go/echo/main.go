// Returns the request's body byte for byte; io.Copy moves it in pieces, so that its length does not matter.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	contentType := os.Getenv("CONTENT_TYPE")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	fmt.Printf("Content-Type: %s\n\n", contentType)
	if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
		panic(err)
	}
}
