// Package wagi serves an http.Handler. The program becomes a reactor, which is set up by _initialize and answers the request
// in the function wagi_serve, which this package exports: build it with -buildmode=c-shared, and configure
// entrypoint: wagi_serve.
//
// Environment and body are read when wagi_serve is called. So the module may be set up long before, without a request, and
// begin each request in a copy of the memory that it had then.
package wagi

import (
	"bufio"
	cryptorand "crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
)

var handler http.Handler

// Made while the module is set up, because every request needs it.
var output = bufio.NewWriter(os.Stdout)

// Many functions prepare something when they are used first: tables, locks, memory. A rehearsal moves that from the request
// into the set-up.
func init() {
	reseed()
	rehearsal, err := newRequest(map[string]string{
		"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "localhost", "X_FULL_URL": "http://localhost/?a=b",
		"CONTENT_LENGTH": "1", "HTTP_ACCEPT": "*/*",
	})
	if err != nil {
		panic(err)
	}
	response := &response{header: make(http.Header), output: bufio.NewWriter(io.Discard)}
	http.NotFound(response, rehearsal)
	response.Flush()
}

// Serve names what answers requests; nil is http.DefaultServeMux. Call it once, in init: main does not run in a reactor.
func Serve(h http.Handler) {
	if handler != nil {
		panic("wagi: Serve was called before")
	}
	if h == nil {
		h = http.DefaultServeMux
	}
	handler = h
}

//go:wasmexport wagi_serve
func serve() {
	defer func() {
		if reason := recover(); reason != nil {
			fail(reason)
		}
	}()

	if handler == nil {
		panic("wagi: there is no handler: call wagi.Serve in init, main does not run in a reactor")
	}
	variables := readEnvironment()
	reseed()
	request, err := newRequest(variables)
	if err != nil {
		panic(err)
	}

	response := &response{header: make(http.Header), output: output}
	handler.ServeHTTP(response, request)
	if err := response.FlushError(); err != nil {
		panic(err)
	}
}

// fail logs like net/http's server and ends in a trap. That is 500 while nothing has been sent, and later the end of the
// connection, so that half an answer never looks whole; after exit, which is how Go ends a panic, it would.
func fail(reason any) {
	if reason != http.ErrAbortHandler {
		fmt.Fprintf(os.Stderr, "panic: %v\n%s", reason, debug.Stack())
	}
	runtime.Breakpoint() // unreachable, in WebAssembly
}

// reseed gives math/rand another sequence in each request where GODEBUG has randseednop=0; elsewhere Seed does nothing.
func reseed() {
	var seed [8]byte
	cryptorand.Read(seed[:])
	rand.Seed(int64(binary.LittleEndian.Uint64(seed[:])))
}
