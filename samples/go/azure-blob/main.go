// Reads and writes blobs of an Azure storage account, with Shared Key signatures made here:
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
//
// Under the route /blobs/...: GET /blobs/CONTAINER/NAME reads a blob, PUT writes one, DELETE removes it,
// PUT /blobs/CONTAINER makes a container. Settings: AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY, AZURE_STORAGE_URL, which is the account's blob endpoint
// (https://ACCOUNT.blob.core.windows.net) and whose origin the allowed hosts must name.
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"samples/internal/azure"
	"samples/internal/outbound"
)

const serviceVersion = "2021-12-02"

func main() {
	if err := handle(); err != nil {
		azure.Fail(502, err)
	}
}

func handle() error {
	account, err := azure.Setting("AZURE_STORAGE_ACCOUNT")
	if err != nil {
		return err
	}
	key, err := azure.Setting("AZURE_STORAGE_KEY")
	if err != nil {
		return err
	}
	endpoint, err := azure.Setting("AZURE_STORAGE_URL")
	if err != nil {
		return err
	}
	target, err := url.Parse(strings.TrimRight(endpoint, "/"))
	if err != nil {
		return err
	}
	path := strings.Split(strings.Trim(os.Getenv("PATH_INFO"), "/"), "/")
	for _, segment := range path {
		target = target.JoinPath(url.PathEscape(segment))
	}
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}

	request := request{method: os.Getenv("REQUEST_METHOD"), target: target, contentType: os.Getenv("CONTENT_TYPE"), body: body}
	isContainer := len(path) == 1
	switch {
	case (request.method == "GET" || request.method == "DELETE") && !isContainer:
	case request.method == "PUT" && !isContainer:
		request.serviceHeaders = append(request.serviceHeaders, outbound.Header{Name: "x-ms-blob-type", Value: "BlockBlob"})
	case request.method == "PUT" && isContainer:
		target.RawQuery = "restype=container"
		request.canonicalQuery = "\nrestype:container"
	default:
		azure.Fail(405, "GET, PUT or DELETE /CONTAINER/NAME, or PUT /CONTAINER")
		return nil
	}
	// In the order of their names, as the signature wants them.
	request.serviceHeaders = append(request.serviceHeaders,
		outbound.Header{Name: "x-ms-date", Value: azure.Now()},
		outbound.Header{Name: "x-ms-version", Value: serviceVersion})

	signature, err := azure.Sign(key, request.stringToSign(account))
	if err != nil {
		return err
	}
	headers := append(request.serviceHeaders, outbound.Header{
		Name: "authorization", Value: fmt.Sprintf("SharedKey %s:%s", account, signature)})
	if request.contentType != "" {
		headers = append(headers, outbound.Header{Name: "content-type", Value: request.contentType})
	}
	response, err := outbound.Send(request.method, target.String(), headers, body)
	if err != nil {
		return err
	}
	defer response.Close()
	return azure.Relay(response, "AZURE_STORAGE_KEY")
}

type request struct {
	method         string
	target         *url.URL
	contentType    string
	serviceHeaders []outbound.Header
	canonicalQuery string
	body           []byte
}

// stringToSign is what the signature covers: the method, eleven standard headers (most of which are not sent here and
// stay empty), the x-ms- headers, and what the request is about.
func (r request) stringToSign(account string) string {
	length := ""
	if len(r.body) > 0 {
		length = fmt.Sprint(len(r.body))
	}
	lines := []string{
		r.method,
		"", // Content-Encoding
		"", // Content-Language
		length,
		"", // Content-MD5
		r.contentType,
		"", // Date: x-ms-date is sent in its place
		"", // If-Modified-Since
		"", // If-Match
		"", // If-None-Match
		"", // If-Unmodified-Since
		"", // Range
	}
	for _, header := range r.serviceHeaders {
		lines = append(lines, header.Name+":"+header.Value)
	}
	lines = append(lines, "/"+account+r.target.EscapedPath()+r.canonicalQuery)
	return strings.Join(lines, "\n")
}
