package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// argument returns the number that an argument such as count=3 gives. Arguments are the query, split at '&'.
func argument(name string, otherwise int) int {
	for _, argument := range os.Args[1:] {
		if value, found := strings.CutPrefix(argument, name+"="); found {
			if number, err := strconv.Atoi(value); err == nil {
				return number
			}
		}
	}
	return otherwise
}

func main() {
	count := argument("count", 10)
	pause := time.Duration(argument("interval", 1000)) * time.Millisecond

	fmt.Print("Content-Type: text/event-stream\nCache-Control: no-store\n\n")
	for id := 1; id <= count; id++ {
		if id > 1 {
			time.Sleep(pause)
		}
		// os.Stdout is not buffered: each of these is sent to the client at once.
		fmt.Printf("id: %d\ndata: %s UTC\n\n", id, time.Now().UTC().Format(time.TimeOnly))
	}
}
