// Receives events from Azure Event Grid as a webhook and publishes one in answer to each:
// https://learn.microsoft.com/azure/event-grid/webhook-event-delivery
//
// When a subscription is made, Event Grid asks whether this endpoint wants it; the answer is the code that it sent.
// Settings: AZURE_EVENTGRID_URL, the endpoint of the topic that is published to
// (https://TOPIC.REGION-1.eventgrid.azure.net/api/events), whose origin the allowed hosts must name, and
// AZURE_EVENTGRID_KEY.
package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"samples/internal/azure"
	"samples/internal/outbound"
)

// Event is an event in the Event Grid schema.
type Event struct {
	ID          string          `json:"id"`
	EventType   string          `json:"eventType"`
	Subject     string          `json:"subject"`
	EventTime   string          `json:"eventTime"`
	DataVersion string          `json:"dataVersion"`
	Data        json.RawMessage `json:"data"`
}

func main() {
	if err := handle(); err != nil {
		// Event Grid delivers again what was not answered with success.
		azure.Fail(502, err)
	}
}

func handle() error {
	var events []Event
	if err := json.NewDecoder(os.Stdin).Decode(&events); err != nil {
		azure.Fail(400, "the body must be a JSON array of events")
		return nil
	}

	switch kind := os.Getenv("HTTP_AEG_EVENT_TYPE"); kind {
	case "SubscriptionValidation":
		return validate(events)
	case "Notification":
		return acknowledge(events)
	default:
		azure.Fail(400, fmt.Sprintf("the header aeg-event-type is %q, not SubscriptionValidation or Notification", kind))
		return nil
	}
}

func validate(events []Event) error {
	var data struct {
		ValidationCode string `json:"validationCode"`
	}
	if len(events) != 1 || json.Unmarshal(events[0].Data, &data) != nil || data.ValidationCode == "" {
		azure.Fail(400, "a validation is one event with a validationCode")
		return nil
	}
	answer, err := json.Marshal(map[string]string{"validationResponse": data.ValidationCode})
	if err != nil {
		return err
	}
	fmt.Printf("Content-Type: application/json\n\n%s\n", answer)
	return nil
}

func acknowledge(received []Event) error {
	published := make([]Event, 0, len(received))
	for _, event := range received {
		fmt.Fprintf(os.Stderr, "received %s %s about %s\n", event.EventType, event.ID, event.Subject)
		data, err := json.Marshal(map[string]string{"received": event.ID})
		if err != nil {
			return err
		}
		published = append(published, Event{
			ID: rand.Text(), EventType: "Samples.Acknowledged", Subject: event.Subject,
			EventTime:   time.Now().UTC().Format(time.RFC3339Nano),
			DataVersion: "1.0", Data: data,
		})
	}
	if len(published) > 0 {
		if err := publish(published); err != nil {
			return err
		}
	}
	fmt.Printf("Content-Type: text/plain\n\nacknowledged %d events\n", len(published))
	return nil
}

func publish(events []Event) error {
	topic, err := azure.Setting("AZURE_EVENTGRID_URL")
	if err != nil {
		return err
	}
	key, err := azure.Setting("AZURE_EVENTGRID_KEY")
	if err != nil {
		return err
	}
	body, err := json.Marshal(events)
	if err != nil {
		return err
	}
	response, err := outbound.Send("POST", topic+"?api-version=2018-01-01", []outbound.Header{
		{Name: "aeg-sas-key", Value: key},
		{Name: "content-type", Value: "application/json"},
	}, body)
	if err != nil {
		return err
	}
	defer response.Close()
	if response.Status != 200 {
		reason, _ := io.ReadAll(response)
		if response.Status == 401 || response.Status == 403 {
			return azure.Refused(response.Status, reason, "AZURE_EVENTGRID_KEY")
		}
		return fmt.Errorf("the topic answered %d: %s", response.Status, reason)
	}
	return nil
}
