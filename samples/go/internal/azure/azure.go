// Package azure has what the signatures of Azure's services have in common.
package azure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"time"

	"samples/internal/outbound"
)

// Sign returns the HMAC-SHA256 of a text under a key, both in base64.
func Sign(key, text string) (string, error) {
	secret, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return "", fmt.Errorf("the key is not base64: %w", err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Now returns the time as the x-ms-date header has it.
func Now() string {
	return time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
}

// Setting returns an environment variable that must be set.
func Setting(name string) (string, error) {
	value := os.Getenv(name)
	if value == "" {
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	return value, nil
}

// Relay writes a service's answer as the module's own. It reads all of it first: once a header block is written, nothing
// can tell the client any more that the rest did not come.
func Relay(response *outbound.Response, keySetting string) error {
	body, err := io.ReadAll(response)
	if err != nil {
		return err
	}
	if response.Status == 401 || response.Status == 403 {
		return Refused(response.Status, body, keySetting)
	}
	contentType := response.Header("content-type")
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	fmt.Printf("Status: %d\nContent-Type: %s\n\n%s", response.Status, contentType, body)
	return nil
}

// Refused is the error for a service that does not accept the key. The client can do nothing about it: what the service
// said goes to the log, for whoever configured the module.
func Refused(status int, body []byte, keySetting string) error {
	fmt.Fprintf(os.Stderr, "the service answered %d: %s\n", status, body)
	return fmt.Errorf("the service does not accept the key in %s (it answered %d)", keySetting, status)
}

// Fail writes an answer that says why there is none of the service.
func Fail(status int, reason any) {
	fmt.Printf("Status: %d\nContent-Type: text/plain; charset=utf-8\n\n%v\n", status, reason)
}
