// A handler of net/http, served by the package wagi: entrypoint: wagi_serve.
//
//go:debug randseednop=0
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"time"

	"samples/wagi"
)

func init() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello/{name}", hello)
	mux.HandleFunc("POST /echo", echo)
	mux.HandleFunc("DELETE /echo", nothing)
	mux.HandleFunc("GET /request", request)
	mux.HandleFunc("GET /count", count)
	mux.HandleFunc("GET /dice", dice)
	mux.HandleFunc("GET /ticks", ticks)
	mux.HandleFunc("GET /close", closing)
	mux.HandleFunc("GET /broken", broken)

	wagi.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The path has the route in front; patterns that begin behind it fit any route.
		http.StripPrefix(os.Getenv("SCRIPT_NAME"), mux).ServeHTTP(w, r)
	}))
}

func main() {} // the compiler asks for it; a reactor never runs it

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "Hello, %s\n", r.PathValue("name"))
}

func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	io.Copy(w, r.Body)
}

func nothing(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusNoContent)
}

// request shows what arrives of the request, as JSON.
func request(w http.ResponseWriter, r *http.Request) {
	cookies := map[string]string{}
	for _, cookie := range r.Cookies() {
		cookies[cookie.Name] = cookie.Value
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "proto": r.Proto, "uri": r.RequestURI, "host": r.Host, "client": r.RemoteAddr,
		"query": r.URL.Query(), "headers": r.Header, "cookies": cookies, "length": r.ContentLength,
		"greeting": os.Getenv("GREETING"),
	})
}

var counted int

// count is always 1: memory is new for each request.
func count(w http.ResponseWriter, r *http.Request) {
	counted++
	http.SetCookie(w, &http.Cookie{Name: "first", Value: "1", Secure: true})
	http.SetCookie(w, &http.Cookie{Name: "second", Value: "2", Secure: true})
	fmt.Fprintln(w, counted)
}

// dice has another number for each request, even if the module was set up once for all: the line go:debug above lets wagi
// seed math/rand.
func dice(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, rand.Int63())
}

// ticks sends as many lines as the query asks for, a second apart.
func ticks(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil {
		http.Error(w, "n is not a number", http.StatusBadRequest)
		return
	}
	for i := range n {
		if i > 0 {
			time.Sleep(time.Second)
		}
		fmt.Fprintf(w, "tick %d\n", i+1)
		http.NewResponseController(w).Flush()
	}
}

// closing says what is for net/http's own server; here the connection is the runtime's.
func closing(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	fmt.Fprintln(w, "closed")
}

// broken panics, before it has sent something or after.
func broken(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "this never looks like a whole answer")
	if r.FormValue("after") == "flush" {
		http.NewResponseController(w).Flush()
	}
	panic("out of luck")
}
