package wagi

import (
	"io"
	"net/http"
	"net/http/cgi"
	"net/url"
	"os"
	"strings"
)

// newRequest makes the request of CGI's variables and WAGI's. It is what net/http's server would give to the handler,
// apart from the context, which is never cancelled: the runtime ends the module instead.
func newRequest(variables map[string]string) (*http.Request, error) {
	// The name of the version as net/http writes it.
	switch variables["SERVER_PROTOCOL"] {
	case "HTTP/2":
		variables["SERVER_PROTOCOL"] = "HTTP/2.0"
	case "HTTP/3":
		variables["SERVER_PROTOCOL"] = "HTTP/3.0"
	}
	// CONTENT_TYPE has it as well, and the body arrives without its transfer coding.
	delete(variables, "HTTP_CONTENT_TYPE")
	delete(variables, "HTTP_TRANSFER_ENCODING")
	delete(variables, "HTTPS")

	// Path and query as they were sent: PATH_INFO is decoded.
	scheme, rest, _ := strings.Cut(variables["X_FULL_URL"], "://")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		variables["REQUEST_URI"] = rest[slash:]
	}
	if scheme == "https" {
		variables["HTTPS"] = "on"
	}

	request, err := cgi.RequestFromMap(variables)
	if err != nil {
		return nil, err
	}
	request.RequestURI = variables["REQUEST_URI"]
	if request.URL, err = url.ParseRequestURI(request.RequestURI); err != nil {
		return nil, err
	}

	request.Body = http.NoBody
	if request.ContentLength > 0 {
		request.Body = io.NopCloser(io.LimitReader(os.Stdin, request.ContentLength))
	}
	return request, nil
}
