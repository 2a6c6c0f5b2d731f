package msgpack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	reflow "github.com/darmie/reflow/reflow_wasm_go/sdk"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/msgpack"
	"github.com/darmie/reflow/reflow_wasm_go/sdk/reflowtest"
	"github.com/tinylib/msgp/msgp"
)

type object = map[string]interface{}

func encode(t *testing.T, value interface{}) []byte {
	t.Helper()
	encoded, err := msgp.AppendIntf(nil, value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestAContextKeepsKindsOfNumbersAndBytes(t *testing.T) {
	context, err := msgpack.Codec.Unmarshal(encode(t, object{
		"payload": object{
			"integer": object{"type": "Integer", "data": int64(math.MinInt64)},
			"float":   object{"type": "Float", "data": 1.0},
			"stream":  object{"type": "Stream", "data": []byte{0, 255}},
			"flow":    object{"type": "Flow"},
		},
		"config": object{"node_id": "n", "component": "C", "resolved_env": object{"KEY": "v"}, "config": object{"big": uint64(math.MaxUint64)}, "namespace": "s"},
		"state":  object{"count": int64(9007199254740993)},
	}))
	if err != nil {
		t.Fatal(err)
	}
	config := context.Config
	got := fmt.Sprintf("%v %v %v %v %v", context.Payload, config.NodeID+config.Component+*config.Namespace, config.ResolvedEnv, config.Config, context.State)
	expected := "map[float:{Float 1} flow:{Flow <nil>} integer:{Integer -9223372036854775808} stream:{Stream [0 255]}] " +
		"nCs map[KEY:v] map[big:18446744073709551615] map[count:9007199254740993]"
	if got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
	if _, ok := context.Payload["float"].Data.(float64); !ok {
		t.Errorf("expected a float64, got %T", context.Payload["float"].Data)
	}
}

func TestBadContextsHaveAReason(t *testing.T) {
	for _, row := range []struct {
		input  []byte
		reason string
	}{
		{nil, "too few bytes"},
		{encode(t, "text"), "the context is not a map"},
		{append(encode(t, object{}), 0), "bytes after the end"},
		{encode(t, object{"payload": object{"in": object{"data": 1}}}), "the message of port in has no type"},
		{encode(t, object{"config": object{"resolved_env": object{"KEY": 1}}}), "resolved_env.KEY is not a text"},
	} {
		if _, err := msgpack.Codec.Unmarshal(row.input); err == nil || !strings.Contains(err.Error(), row.reason) {
			t.Errorf("expected %q, got %v", row.reason, err)
		}
	}
}

func TestAResultWritesBytesAndNumbersAsWhatTheyAre(t *testing.T) {
	output, err := msgpack.Codec.Marshal(reflow.ActorResult{
		Outputs: object{
			"stream": reflow.NewStreamMessage([]byte{1, 2}).ToSerializable(),
			"bad":    object{"type": "Stream", "data": "text"},
			"number": reflow.NewAnyMessage([]interface{}{json.Number("18446744073709551615"), json.Number("-1"), json.Number("1.0")}),
		},
		State: object{"nested": object{"count": json.Number("9007199254740993")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	value, rest, err := msgp.ReadIntfBytes(output)
	if err != nil || len(rest) > 0 {
		t.Fatal(err, rest)
	}
	outputs := value.(object)["outputs"].(object)
	if data, ok := outputs["stream"].(object)["data"].([]byte); !ok || !bytes.Equal(data, []byte{1, 2}) {
		t.Errorf("expected bytes, got %v", outputs["stream"])
	}
	expected := "map[outputs:map[bad:map[data:text type:Stream] number:map[data:[18446744073709551615 -1 1] type:Any] stream:map[data:[1 2] type:Stream]] state:map[nested:map[count:9007199254740993]]]"
	if got := fmt.Sprint(value); got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
	if _, err := msgpack.Codec.Marshal(reflow.ActorResult{State: struct{}{}}); err == nil {
		t.Error("a struct in the state: expected an error")
	}
}

func TestTheMetadataNamesTheEncodingAndTestsUseIt(t *testing.T) {
	msgpack.RegisterPlugin(reflow.PluginMetadata{Component: "Test"}, func(context reflow.ActorContext) (reflow.ActorResult, error) {
		outputs := object{}
		for port, message := range context.Payload {
			outputs[port] = message.ToSerializable()
		}
		return reflow.ActorResult{Outputs: outputs, State: context.State}, nil
	})
	if metadata, err := reflowtest.Metadata(); err != nil || metadata.Encoding != "msgpack" {
		t.Errorf("expected msgpack, got %v %v", metadata, err)
	}
	actor := reflowtest.NewActor(nil, object{"count": int64(9007199254740993)})
	packets, err := actor.Process(reflowtest.Packet{
		"integer": reflow.NewIntegerMessage(math.MinInt64),
		"float":   reflow.NewFloatMessage(1),
		"stream":  reflow.NewStreamMessage([]byte{0, 255}),
		"flow":    reflow.NewFlowMessage(),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(packets, actor.State)
	expected := "[map[float:{Float 1} flow:{Flow <nil>} integer:{Integer -9223372036854775808} stream:{Stream [0 255]}]] map[count:9007199254740993]"
	if got != expected {
		t.Errorf("expected %s, got %s", expected, got)
	}
}
