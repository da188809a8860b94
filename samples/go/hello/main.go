package main

import "fmt"

func main() {
	fmt.Print("Content-Type: text/plain\n\n")
	fmt.Println("Hello, world (version 1)")
}
