package reflow_test

import (
	"encoding/json"
	"testing"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
)

var messages = []struct {
	message reflow.Message
	wire    string
	// sent is the plain value that SendOutputMessages sends.
	sent string
}{
	{reflow.NewFlowMessage(), `{"data":null,"type":"Flow"}`, `"flow"`},
	{reflow.NewEventMessage(map[string]interface{}{"a": 1}), `{"data":{"a":1},"type":"Event"}`, `{"a":1}`},
	{reflow.NewBooleanMessage(false), `{"data":false,"type":"Boolean"}`, `false`},
	{reflow.NewIntegerMessage(-9223372036854775808), `{"data":-9223372036854775808,"type":"Integer"}`, `-9223372036854775808`},
	{reflow.NewFloatMessage(38), `{"data":38,"type":"Float"}`, `38.0`},
	{reflow.NewFloatMessage(0.1), `{"data":0.1,"type":"Float"}`, `0.1`},
	{reflow.NewFloatMessage(1e300), `{"data":1e+300,"type":"Float"}`, `1e+300`},
	{reflow.NewStringMessage("text 🦀"), `{"data":"text 🦀","type":"String"}`, `"text 🦀"`},
	{reflow.NewObjectMessage(map[string]interface{}{}), `{"data":{},"type":"Object"}`, `{}`},
	{reflow.NewArrayMessage([]interface{}{1, "two", nil}), `{"data":[1,"two",null],"type":"Array"}`, `[1,"two",null]`},
	{reflow.NewArrayMessage(nil), `{"data":[],"type":"Array"}`, `[]`},
	{reflow.NewStreamMessage([]byte{0, 127, 255}), `{"data":[0,127,255],"type":"Stream"}`, `[0,127,255]`},
	{reflow.NewStreamMessage(nil), `{"data":[],"type":"Stream"}`, `[]`},
	{reflow.Message{Type: "Stream", Data: []byte{1}}, `{"data":[1],"type":"Stream"}`, `[1]`},
	{reflow.NewOptionalMessage(7), `{"data":7,"type":"Optional"}`, `7`},
	{reflow.NewOptionalMessage(nil), `{"data":null,"type":"Optional"}`, `null`},
	{reflow.NewAnyMessage(1.5), `{"data":1.5,"type":"Any"}`, `1.5`},
	{reflow.NewErrorMessage("bad"), `{"data":"bad","type":"Error"}`, `"bad"`},
}

func TestEachMessageHasTheFormOfTheWire(t *testing.T) {
	for _, row := range messages {
		text, err := json.Marshal(row.message.ToSerializable())
		if err != nil || string(text) != row.wire {
			t.Errorf("%v: expected %s, got %s %v", row.message, row.wire, text, err)
		}
	}
}

func TestAStreamGivesItsBytes(t *testing.T) {
	rows := []struct {
		data  interface{}
		bytes string
		ok    bool
	}{
		{[]byte("ab"), "ab", true},
		{[]int{97, 98}, "ab", true},
		{[]interface{}{97.0, json.Number("98")}, "ab", true},
		{[]int{256}, "", false},
		{[]int{-1}, "", false},
		{[]interface{}{256.0}, "", false},
		{[]interface{}{"a"}, "", false},
		{"YWI=", "", false},
		{nil, "", false},
	}
	for _, row := range rows {
		bytes, ok := reflow.Message{Type: "Stream", Data: row.data}.Bytes()
		if ok != row.ok || string(bytes) != row.bytes {
			t.Errorf("%v: expected %q %v, got %q %v", row.data, row.bytes, row.ok, bytes, ok)
		}
	}
}
