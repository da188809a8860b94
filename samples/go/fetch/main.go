// Sends the request on to the URL in the query (?url=http%3A%2F%2F...) and returns the answer: GET and POST alike.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"samples/internal/outbound"
)

func main() {
	query, _ := url.ParseQuery(os.Getenv("QUERY_STRING"))
	target := query.Get("url")
	if target == "" {
		fail(400, "say which URL: ?url=https%3A%2F%2Fexample.com%2F")
		return
	}
	var headers []outbound.Header
	if contentType := os.Getenv("CONTENT_TYPE"); contentType != "" {
		headers = append(headers, outbound.Header{Name: "content-type", Value: contentType})
	}
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}

	response, err := outbound.Send(os.Getenv("REQUEST_METHOD"), target, headers, body)
	if errors.Is(err, outbound.NotAllowed) {
		fail(403, err.Error())
		return
	} else if err != nil {
		fail(502, err.Error())
		return
	}
	defer response.Close()

	// All of it first: in Go a panic is an exit code, which does not cut an answer off that has begun.
	answer, err := io.ReadAll(response)
	if err != nil {
		fail(502, err.Error())
		return
	}
	contentType := response.Header("content-type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	fmt.Printf("Status: %d\nContent-Type: %s\n\n%s", response.Status, contentType, answer)
}

func fail(status int, reason string) {
	fmt.Printf("Status: %d\nContent-Type: text/plain\n\n%s\n", status, reason)
}
