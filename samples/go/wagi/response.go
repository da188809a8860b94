package wagi

import (
	"bufio"
	"fmt"
	"net/http"
)

// The runtime's to set: RFC 9110 §7.6.1, and Status, which WriteHeader sets.
var withheld = map[string]bool{
	"Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true, "Proxy-Connection": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Status": true,
}

// response writes a CGI response (RFC 3875 §6). Its methods do what net/http documents for http.ResponseWriter and
// http.Flusher. The body of an answer to HEAD is written, too: the runtime takes its length and drops it.
type response struct {
	header      http.Header
	output      *bufio.Writer
	status      int
	wroteHeader bool
}

func (r *response) Header() http.Header { return r.header }

func (r *response) WriteHeader(status int) {
	// CGI has one answer for each request, and so none that is informational.
	if r.status == 0 && status >= 200 {
		r.status = status
	}
}

func (r *response) Write(body []byte) (int, error) {
	r.writeHeader(body)
	if !r.hasBody() {
		return 0, http.ErrBodyNotAllowed
	}
	return r.output.Write(body)
}

func (r *response) Flush() { _ = r.FlushError() }

func (r *response) FlushError() error {
	r.writeHeader(nil)
	return r.output.Flush()
}

func (r *response) hasBody() bool {
	return r.status != http.StatusNoContent && r.status != http.StatusNotModified
}

// writeHeader writes the header block unless it is written; the content type, if it is not set, is guessed from the start
// of the body.
func (r *response) writeHeader(body []byte) {
	if r.wroteHeader {
		return
	}
	r.wroteHeader = true
	r.WriteHeader(http.StatusOK)
	_, hasType := r.header["Content-Type"]
	if !hasType && len(body) > 0 && r.hasBody() && r.header.Get("Content-Encoding") == "" {
		r.header.Set("Content-Type", http.DetectContentType(body))
	}
	// An error of the writer is there again when it is flushed.
	fmt.Fprintf(r.output, "Status: %d %s\r\n", r.status, http.StatusText(r.status))
	r.header.WriteSubset(r.output, withheld)
	r.output.WriteString("\r\n")
}
