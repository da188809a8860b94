// Go exports functions from a reactor (go build -buildmode=c-shared): a module that has _initialize in place of
// _start. Whoever serves it names the function for the module's own route: entrypoint: main_page.
package main

import (
	"fmt"
	"os"
	"strings"
)

// Called once, when the module is loaded: each line is a path below the module's own route and the exported function
// that answers it. Of two lines that match a request the last one wins.
//
//go:wasmexport _routes
func routes() {
	fmt.Println("/hello hello")
	fmt.Println("/goodbye/... goodbye")
}

//go:wasmexport hello
func hello() {
	fmt.Print("Content-Type: text/plain\n\n")
	fmt.Println("Hello from hello()")
}

//go:wasmexport goodbye
func goodbye() {
	// What follows the route: "/moon" for .../goodbye/moon.
	name := strings.TrimLeft(os.Getenv("PATH_INFO"), "/")
	if name == "" {
		name = "world"
	}
	fmt.Print("Content-Type: text/plain; charset=utf-8\n\n")
	fmt.Printf("Goodbye, %s\n", name)
}

//go:wasmexport main_page
func mainPage() {
	fmt.Print("Content-Type: text/plain\n\n")
	fmt.Println("Try /hello and /goodbye/NAME below this path")
}

func main() {} // the compiler asks for it; a reactor never runs it
