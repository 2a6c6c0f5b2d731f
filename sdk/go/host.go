package reflow

import (
	"encoding/json"

	"github.com/darmie/reflow/reflow_wasm_go/sdk/internal/host"
)

// GetState returns the live value of a key, with [SetState] of the same call included. A missing key and a stored null
// both give nil. Numbers are float64, or [json.Number] after [UseNumber].
func GetState(key string) (interface{}, error) {
	text := host.Current.GetState(key)
	if len(text) == 0 {
		return nil, nil
	}
	var value interface{}
	err := unmarshal(text, &value)
	return value, explain("failed to unmarshal state value: ", err)
}

// SetState stores a JSON value at once; the last write wins. A State in the [ActorResult] replaces it.
func SetState(key string, value interface{}) error {
	text, err := json.Marshal(value)
	if err != nil {
		return explain("failed to marshal value: ", err)
	}
	host.Current.SetState(key, text)
	return nil
}

// SendOutput sends one packet of plain JSON values by outport at once, before the packet of the result. The host makes
// Boolean, Integer, Float, String, Array, Object and Optional messages of them.
func SendOutput(outputs map[string]interface{}) error {
	if outputs == nil {
		outputs = map[string]interface{}{}
	}
	text, err := json.Marshal(outputs)
	if err != nil {
		return explain("failed to marshal outputs: ", err)
	}
	host.Current.SendOutput(text)
	return nil
}

// SendOutputMessages sends messages as [SendOutput] does. Types that plain JSON lacks arrive as another: Flow as the
// String "flow", Error as String, Stream as Array, Event and Any as whatever their value is.
func SendOutputMessages(outputs map[string]Message) error {
	values := make(map[string]interface{}, len(outputs))
	for port, message := range outputs {
		values[port] = message.plainValue()
	}
	return SendOutput(values)
}
