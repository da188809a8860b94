// Serves the files of the volume /data, which modules.toml mounts: volumes = { "/data" = "path/on/the/host" }.
// GET reads a file, PUT writes it.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	// "/a.txt" for /files/a.txt under the route /files/...
	path := "/data" + os.Getenv("PATH_INFO")
	if os.Getenv("REQUEST_METHOD") == "PUT" {
		put(path)
	} else {
		get(path)
	}
}

func get(path string) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		answer("404 Not Found", "there is no such file")
		return
	}
	file, err := os.Open(path)
	if err != nil {
		answer("404 Not Found", "there is no such file")
		return
	}
	fmt.Print("Content-Type: application/octet-stream\n\n")
	if _, err := io.Copy(os.Stdout, file); err != nil {
		panic(err)
	}
}

func put(path string) {
	file, err := os.Create(path)
	if err != nil {
		answer("403 Forbidden", "that file cannot be written")
		return
	}
	if _, err := io.Copy(file, os.Stdin); err != nil {
		answer("507 Insufficient Storage", "the file could not be written whole")
		return
	}
	answer("201 Created", "written")
}

func answer(status, text string) {
	fmt.Printf("Status: %s\nContent-Type: text/plain\n\n%s\n", status, text)
}
