package wagi

import (
	"fmt"
	"os"
	"strings"
)

//go:wasmimport wasi_snapshot_preview1 environ_sizes_get
func environSizesGet(count, size *uint32) uint32

//go:wasmimport wasi_snapshot_preview1 environ_get
func environGet(pointers *uint32, buffer *byte) uint32

// readEnvironment asks the host for the environment variables. Package os did so once, when the module was set up, and gets
// those now that http.Request has no place for: the module's own and the route's.
func readEnvironment() map[string]string {
	var count, size uint32
	if errno := environSizesGet(&count, &size); errno != 0 {
		panic(fmt.Sprintf("wagi: environ_sizes_get: errno %d", errno))
	}
	variables := make(map[string]string, count)
	os.Clearenv()
	if count == 0 {
		return variables
	}

	pointers, buffer := make([]uint32, count), make([]byte, size)
	if errno := environGet(&pointers[0], &buffer[0]); errno != 0 {
		panic(fmt.Sprintf("wagi: environ_get: errno %d", errno))
	}
	for variable := range strings.SplitSeq(string(buffer), "\x00") {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
		if !isInRequest(name) {
			os.Setenv(name, value)
		}
	}
	return variables
}

// isInRequest spares a request the two microseconds that each os.Setenv takes.
func isInRequest(name string) bool {
	switch name {
	case "", "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING",
		"REMOTE_ADDR", "REMOTE_HOST", "REMOTE_USER", "REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
		"SERVER_SOFTWARE", "X_FULL_URL", "X_RAW_PATH_INFO":
		return true
	}
	return strings.HasPrefix(name, "HTTP_")
}
