// Creates and reads documents of an Azure Cosmos DB container, with master key signatures made here:
// https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
//
// Under the route /documents/...: POST /documents creates the JSON document in the body, GET /documents/ID reads one.
// The container's partition key is /id. Settings: AZURE_COSMOS_URL, whose origin the allowed hosts must name,
// AZURE_COSMOS_KEY, AZURE_COSMOS_DATABASE, AZURE_COSMOS_CONTAINER.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"unicode/utf16"

	"samples/internal/azure"
	"samples/internal/outbound"
)

const serviceVersion = "2018-12-31"

func main() {
	if err := handle(); err != nil {
		azure.Fail(502, err)
	}
}

func handle() error {
	database, err := azure.Setting("AZURE_COSMOS_DATABASE")
	if err != nil {
		return err
	}
	container, err := azure.Setting("AZURE_COSMOS_CONTAINER")
	if err != nil {
		return err
	}
	collection := fmt.Sprintf("dbs/%s/colls/%s", database, container)
	id := strings.Trim(os.Getenv("PATH_INFO"), "/")

	switch method := os.Getenv("REQUEST_METHOD"); {
	case method == "POST" && id == "":
		body, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		var document struct{ ID string }
		if err := json.Unmarshal(body, &document); err != nil || document.ID == "" {
			azure.Fail(400, `the body must be a JSON document with an "id"`)
			return nil
		}
		// A document is created in its collection: that is what the signature names.
		return send(method, collection+"/docs", collection, document.ID, body)
	case method == "GET" && id != "":
		return send(method, collection+"/docs/"+url.PathEscape(id), collection+"/docs/"+id, id, nil)
	default:
		azure.Fail(405, "POST a document, or GET /ID")
		return nil
	}
}

func send(method, path, resourceLink, partitionKey string, body []byte) error {
	endpoint, err := azure.Setting("AZURE_COSMOS_URL")
	if err != nil {
		return err
	}
	key, err := azure.Setting("AZURE_COSMOS_KEY")
	if err != nil {
		return err
	}
	target, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	partition, err := json.Marshal([]string{partitionKey})
	if err != nil {
		return err
	}

	date := azure.Now()
	signature, err := azure.Sign(key, stringToSign(method, resourceLink, date))
	if err != nil {
		return err
	}
	headers := []outbound.Header{
		{Name: "authorization", Value: url.QueryEscape("type=master&ver=1.0&sig=" + signature)},
		{Name: "x-ms-date", Value: date},
		{Name: "x-ms-version", Value: serviceVersion},
		{Name: "x-ms-documentdb-partitionkey", Value: ascii(partition)},
	}
	if body != nil {
		headers = append(headers, outbound.Header{Name: "content-type", Value: "application/json"})
	}
	response, err := outbound.Send(method, target.JoinPath(path).String(), headers, body)
	if err != nil {
		return err
	}
	defer response.Close()
	return azure.Relay(response, "AZURE_COSMOS_KEY")
}

// ascii writes JSON without the characters that a header cannot have.
func ascii(json []byte) string {
	var out strings.Builder
	for _, unit := range utf16.Encode([]rune(string(json))) {
		if unit < 128 {
			out.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	return out.String()
}

// stringToSign is what the signature covers. The link keeps its case, all else is in lower case; two empty fields end it.
func stringToSign(method, resourceLink, date string) string {
	return strings.ToLower(method) + "\ndocs\n" + resourceLink + "\n" + strings.ToLower(date) + "\n\n"
}
