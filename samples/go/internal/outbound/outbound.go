// Package outbound sends HTTP requests with the functions of the import module wasi_experimental_http, which the
// runtime provides. Only origins that the module's allowed_hosts name can be reached.
package outbound

import (
	"fmt"
	"io"
	"runtime"
	"unsafe"
)

//go:wasmimport wasi_experimental_http req
func req(url unsafe.Pointer, urlLength uint32, method unsafe.Pointer, methodLength uint32,
	headers unsafe.Pointer, headersLength uint32, body unsafe.Pointer, bodyLength uint32,
	status unsafe.Pointer, response unsafe.Pointer) uint32

//go:wasmimport wasi_experimental_http header_get
func headerGet(response uint32, name unsafe.Pointer, nameLength uint32, buffer unsafe.Pointer, size uint32,
	written unsafe.Pointer) uint32

//go:wasmimport wasi_experimental_http body_read
func bodyRead(response uint32, buffer unsafe.Pointer, size uint32, written unsafe.Pointer) uint32

//go:wasmimport wasi_experimental_http close
func closeResponse(response uint32) uint32

// Error is why a call failed.
type Error uint32

// NotAllowed is the error for an origin that allowed_hosts does not name.
const NotAllowed Error = 7

var reasons = []string{
	"success", "invalid handle", "memory not found", "memory access error", "buffer too small", "header not found",
	"UTF-8 error", "destination not allowed", "invalid method", "invalid encoding", "invalid URL", "request error",
	"runtime error", "too many sessions",
}

func (e Error) Error() string {
	reason := "unknown error"
	if int(e) < len(reasons) {
		reason = reasons[e]
	}
	return fmt.Sprintf("outbound HTTP: %s (error %d)", reason, uint32(e))
}

// Response is what the server answered. Its body is what Read gives; whoever has it closes it.
type Response struct {
	Status int
	handle uint32
}

// Header is a name and its value.
type Header struct{ Name, Value string }

// Send sends a request and waits for the response's header.
func Send(method, url string, headers []Header, body []byte) (*Response, error) {
	var lines []byte
	for _, header := range headers {
		lines = fmt.Appendf(lines, "%s:%s\n", header.Name, header.Value)
	}

	var status uint16
	var handle uint32
	code := req(
		unsafe.Pointer(unsafe.StringData(url)), uint32(len(url)),
		unsafe.Pointer(unsafe.StringData(method)), uint32(len(method)),
		unsafe.Pointer(unsafe.SliceData(lines)), uint32(len(lines)),
		unsafe.Pointer(unsafe.SliceData(body)), uint32(len(body)),
		unsafe.Pointer(&status), unsafe.Pointer(&handle))
	runtime.KeepAlive(lines)
	if code != 0 {
		return nil, Error(code)
	}
	return &Response{Status: int(status), handle: handle}, nil
}

// Header returns the value of a response header, or "".
func (r *Response) Header(name string) string {
	value := make([]byte, 8*1024)
	var written uint32
	code := headerGet(r.handle, unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)),
		unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)), unsafe.Pointer(&written))
	if code != 0 {
		return ""
	}
	return string(value[:written])
}

// Read implements io.Reader.
func (r *Response) Read(buffer []byte) (int, error) {
	if len(buffer) == 0 {
		return 0, nil
	}
	var written uint32
	code := bodyRead(r.handle, unsafe.Pointer(unsafe.SliceData(buffer)), uint32(len(buffer)), unsafe.Pointer(&written))
	if code != 0 {
		return 0, Error(code)
	}
	if written == 0 {
		return 0, io.EOF
	}
	return int(written), nil
}

// Close gives the response back to the runtime.
func (r *Response) Close() error {
	if code := closeResponse(r.handle); code != 0 {
		return Error(code)
	}
	return nil
}
