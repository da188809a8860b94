package main

import (
	"bufio"
	"fmt"
	"os"
	"slices"
)

func main() {
	// os.Stdout is not buffered: one write for the whole answer instead of one for each line.
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()

	fmt.Fprint(out, "Content-Type: text/plain; charset=utf-8\n\n")
	for i, argument := range os.Args {
		fmt.Fprintf(out, "arg %d: %s\n", i, argument)
	}
	fmt.Fprintln(out)

	variables := os.Environ()
	slices.Sort(variables)
	for _, variable := range variables {
		fmt.Fprintln(out, variable)
	}
}
